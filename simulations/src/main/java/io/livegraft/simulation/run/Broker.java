package io.livegraft.simulation.run;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** A real broker in a process of its own, which nobody kills. */
public final class Broker implements AutoCloseable {
    private static final String MAIN = "io.livegraft.actors.kafka.BrokerProcess";
    private static final String LISTENING = "listening ";
    private static final Duration START = Duration.ofMinutes(1);

    private final JavaProcess process;
    private final String bootstrapServers;

    private Broker(JavaProcess process) {
        this.process = process;
        this.bootstrapServers = process.await(
                START,
                line -> line.startsWith(LISTENING)
                        ? Optional.of(line.substring(LISTENING.length()))
                        : Optional.empty());
    }

    /** Listens when it returns; everything it writes is in {@code directory}. */
    public static Broker start(Path directory, String classPath) {
        return new Broker(JavaProcess.start(
                directory,
                "broker",
                List.of(),
                "-cp",
                classPath,
                MAIN,
                directory.resolve("kafka").toString()));
    }

    public String bootstrapServers() {
        return bootstrapServers;
    }

    @Override
    public void close() {
        process.close();
    }
}
