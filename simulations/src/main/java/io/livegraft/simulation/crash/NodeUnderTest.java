package io.livegraft.simulation.crash;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** One life of {@code livegraft serve}. */
final class NodeUnderTest implements AutoCloseable {
    private static final String MAIN = "io.livegraft.gateway.Main";
    private static final Duration START = Duration.ofMinutes(2);
    private static final String READY = "ready;";
    private static final String ADMIN = "admin ";

    private final JavaProcess process;

    private NodeUnderTest(JavaProcess process) {
        this.process = process;
    }

    static NodeUnderTest start(Path directory, String name, List<String> flags, String classPath, Path file) {
        return new NodeUnderTest(JavaProcess.start(
                directory, name, flags, "-cp", classPath, MAIN, "serve", "--config", file.toString()));
    }

    /** As above, with variables in its environment. */
    static NodeUnderTest start(
            Path directory,
            String name,
            Map<String, String> environment,
            List<String> flags,
            String classPath,
            Path file) {
        return new NodeUnderTest(JavaProcess.start(
                directory, name, environment, flags, "-cp", classPath, MAIN, "serve", "--config", file.toString()));
    }

    void awaitReady() {
        process.await(START, line -> line.startsWith(READY) ? Optional.of(line) : Optional.empty());
    }

    /** Of the HTTP server; waits until it runs. */
    URI address() {
        return process.await(
                START,
                line -> line.strip().startsWith(ADMIN)
                        ? Optional.of(URI.create(
                                line.strip().substring(ADMIN.length()).strip()))
                        : Optional.empty());
    }

    void signal(String name) {
        process.signal(name);
    }

    /** Whether it ends by itself. */
    boolean ends(Duration patience) {
        return process.end(patience).isPresent();
    }

    Stream<String> log() {
        return process.log();
    }

    boolean alive() {
        return process.alive();
    }

    long pid() {
        return process.pid();
    }

    void kill() {
        process.kill();
    }

    @Override
    public void close() {
        process.close();
    }
}
