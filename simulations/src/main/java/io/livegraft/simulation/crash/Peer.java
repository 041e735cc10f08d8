package io.livegraft.simulation.crash;

import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.simulation.run.JavaProcess;
import io.livegraft.simulation.run.NodeUnderTest;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** One of the nodes that are one system: its lives, one after the other, on the same state directory and ports. */
final class Peer implements AutoCloseable {
    private static final Duration LOOK = Duration.ofMillis(100);
    private static final Duration JOINING = Duration.ofMinutes(3);

    /** How a peer is started, again and again. */
    record Origin(Path directory, String name, String classPath, Path file, Map<String, String> environment) {}

    private final Origin origin;
    private final Path shared;
    private int lives;
    private NodeUnderTest node;
    private NodeState state;

    private Peer(Origin origin, Path shared) {
        this.origin = origin;
        this.shared = shared;
        this.node = born();
        this.state = new NodeState(node.address(), shared);
    }

    /** {@code shared} is where all nodes keep their objects. Returns when it answers, maybe before it is ready. */
    static Peer start(Origin origin, Path shared) {
        return new Peer(origin, shared);
    }

    private NodeUnderTest born() {
        String archive = "-XX:SharedArchiveFile=" + origin.directory().resolve(origin.name() + ".jsa");
        return NodeUnderTest.start(
                origin.directory(),
                "%s-life-%04d".formatted(origin.name(), lives++),
                origin.environment(),
                List.of("-XX:+AutoCreateSharedArchive", archive, "-XX:TieredStopAtLevel=1"),
                origin.classPath(),
                origin.file());
    }

    /** On the same state directory, after the last life has ended. */
    void startAgain() {
        state.close();
        node = born();
        state = new NodeState(node.address(), shared);
    }

    void awaitReady() {
        long deadline = System.nanoTime() + JOINING.toNanos();
        while (!ready() && node.alive() && System.nanoTime() < deadline) {
            JavaProcess.pause(LOOK);
        }
    }

    private boolean ready() {
        try {
            return state.ready();
        } catch (LivegraftException notYet) {
            return false;
        }
    }

    String name() {
        return origin.name();
    }

    NodeUnderTest node() {
        return node;
    }

    NodeState state() {
        return state;
    }

    Stream<String> log() {
        return node.log();
    }

    @Override
    public void close() {
        state.close();
        node.close();
    }
}
