package io.livegraft.gateway.cli;

import com.typesafe.config.Config;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.io.PrintWriter;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

/** Runs a node until the process is asked to end. */
final class NodeLoop {
    private NodeLoop() {}

    /**
     * Prints what is unusual, then where everything is; drains on SIGTERM and Ctrl-C. UNAVAILABLE where the other nodes of a
     * cluster went on without this one.
     */
    static void run(Terminal terminal, Config settings, Supplier<LocalNode> opening) {
        PrintWriter out = terminal.out();
        ChangedSettings.of(settings).forEach((path, value) -> out.println("  %s = %s".formatted(path, value)));
        var ended = new CountDownLatch(1);
        var asked = new AtomicBoolean();
        LocalNode node = opening.get();
        Runtime.getRuntime()
                .addShutdownHook(new Thread(
                        () -> {
                            asked.set(true);
                            out.println("draining: running answers may end, new ones are refused");
                            node.close();
                            ended.countDown();
                        },
                        "livegraft-drain"));
        printAddresses(out, node);
        node.ended().whenComplete((done, failure) -> ended.countDown());
        try {
            ended.await();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        if (!asked.get()) {
            throw new LivegraftException(
                    ErrorCode.UNAVAILABLE, "the other nodes go on without this one, so it ends; start it again");
        }
    }

    private static void printAddresses(PrintWriter out, LocalNode node) {
        Config settings = node.configuration();
        out.println();
        out.println("  base     %s %s, sha256 %.12s"
                .formatted(node.baseName(), settings.getString("livegraft.engine.precision"), node.baseDigest()));
        out.println("  answers  %d at once, up to %d tokens each with their prompt"
                .formatted(settings.getInt("livegraft.engine.max-sequences"), node.maxSequenceTokens()));
        out.println("  API      %s/v1".formatted(node.address()));
        out.println("  admin    %s/admin/v1".formatted(node.address()));
        out.println("  metrics  %s/metrics".formatted(node.address()));
        out.println("  Kafka    %s".formatted(node.kafkaBootstrapServers()));
        out.println("  state    %s".formatted(node.stateDirectory()));
        out.println();
        out.println("ready; Ctrl-C ends it");
    }
}
