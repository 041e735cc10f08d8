package io.livegraft.simulation.swap;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.simulation.run.Broker;
import io.livegraft.simulation.run.JavaProcess;
import io.livegraft.simulation.run.NodeUnderTest;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** A broker and a node whose tenants learn from feedback. */
final class TenantNode implements AutoCloseable {
    private static final Duration TRAINING = Duration.ofMinutes(3);
    private static final Duration LOOK = Duration.ofMillis(500);
    /** Events of each tenant between two looks. */
    private static final int EVENTS = 2;

    private final SwapSettings run;
    private final String classPath;
    private final Broker broker;
    private final Path file;
    private final Feedback feedback;
    private int lives;
    private NodeUnderTest node;
    private NodeApi api;

    private TenantNode(SwapSettings run, String classPath) {
        this.run = run;
        this.classPath = classPath;
        this.broker = Broker.start(run.directory(), classPath);
        this.file = SwapNodeFile.write(run, broker.bootstrapServers());
        this.feedback = new Feedback(run.tenants(), broker.bootstrapServers());
        this.node = born();
        this.api = ready();
    }

    /** Returns when the node is ready. */
    static TenantNode start(SwapSettings run, String classPath) {
        return new TenantNode(run, classPath);
    }

    private NodeUnderTest born() {
        return NodeUnderTest.start(run.directory(), "node-%d".formatted(lives++), List.of(), classPath, file);
    }

    private NodeApi ready() {
        NodeApi born = new NodeApi(node.address());
        node.awaitReady();
        return born;
    }

    /** Ends the process and starts another one on its state directory. */
    void restart() {
        api.close();
        node.close();
        node = born();
        api = ready();
    }

    NodeApi api() {
        return api;
    }

    /** The node's configuration. */
    Path file() {
        return file;
    }

    Feedback feedback() {
        return feedback;
    }

    /** Returns when every tenant has so many versions; {@code look} is run again and again meanwhile. */
    void train(int versions, Chronicles chronicles, Runnable look) {
        long deadline = System.nanoTime() + TRAINING.toNanos();
        while (chronicles.all().stream().anyMatch(each -> each.newest() < versions)) {
            if (System.nanoTime() > deadline) {
                throw new LivegraftException(
                        ErrorCode.UNAVAILABLE, "not all tenants have %d versions yet".formatted(versions));
            }
            for (int i = 0; i < EVENTS * run.tenants(); i++) {
                feedback.send();
            }
            JavaProcess.pause(LOOK);
            look.run();
            chronicles.look(api);
        }
    }

    @Override
    public void close() {
        api.close();
        feedback.close();
        node.close();
        broker.close();
    }
}
