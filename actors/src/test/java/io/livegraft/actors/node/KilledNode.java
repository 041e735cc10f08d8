package io.livegraft.actors.node;

import com.typesafe.config.ConfigFactory;
import io.livegraft.proto.feedback.FeedbackRecord;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A process of its own that sends events until it is killed, one line of output for each the broker has. */
final class KilledNode {
    private KilledNode() {}

    /** Arguments: state directory, base directory, first and last event. */
    public static void main(String[] arguments) throws Exception {
        Map<String, Object> settings = TestingNode.settings(Path.of(arguments[0]), Path.of(arguments[1]));
        try (Node node = Node.start(ConfigFactory.parseMap(settings).withFallback(ConfigFactory.load()))) {
            TestingNode.untilReady(node);
            for (int i = Integer.parseInt(arguments[2]); i <= Integer.parseInt(arguments[3]); i++) {
                FeedbackRecord record = TestingNode.event("event-" + i, "Tell me of day " + i, " It was a red day.");
                node.feedback().append("boats", record).toCompletableFuture().get(30, TimeUnit.SECONDS);
                System.out.println(TestingNode.SENT + i);
                Thread.sleep(20);
            }
            Thread.sleep(60_000); // to be killed while it trains what is left
        }
    }
}
