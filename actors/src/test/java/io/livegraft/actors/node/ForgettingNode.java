package io.livegraft.actors.node;

import com.typesafe.config.ConfigFactory;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/** A process of its own that may write a forget, tells its offset, and then waits to be killed. */
final class ForgettingNode {
    static final String READY = "ready ";

    private ForgettingNode() {}

    /** Arguments: state directory, base directory, subject or nothing. */
    public static void main(String[] arguments) throws Exception {
        Map<String, Object> settings = TestingNode.settings(Path.of(arguments[0]), Path.of(arguments[1]));
        try (Node node = Node.start(ConfigFactory.parseMap(settings).withFallback(ConfigFactory.load()))) {
            TestingNode.untilReady(node);
            if (arguments.length > 2) {
                AdminAction action = new AdminAction("ann", "because", OptionalInt.empty(), false, Optional.empty());
                LogAdministration.Reply reply =
                        TestingNode.get(node.logAdministration().forget("boats", arguments[2], action));
                System.out.println(READY
                        + ((LogAdministration.Reply.Written) reply).offset().orElseThrow());
            } else {
                System.out.println(READY + -1);
            }
            Thread.sleep(60_000); // to be killed while it reads the log again
        }
    }
}
