package io.livegraft.simulation.run;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** One life of {@code livegraft serve}. */
public final class NodeUnderTest implements AutoCloseable {
    private static final String MAIN = "io.livegraft.gateway.Main";
    private static final Duration START = Duration.ofMinutes(2);
    private static final String READY = "ready;";
    private static final String ADMIN = "admin ";

    private final JavaProcess process;

    private NodeUnderTest(JavaProcess process) {
        this.process = process;
    }

    public static NodeUnderTest start(Path directory, String name, List<String> flags, String classPath, Path file) {
        return new NodeUnderTest(JavaProcess.start(
                directory, name, flags, "-cp", classPath, MAIN, "serve", "--config", file.toString()));
    }

    /** As above, with variables in its environment. */
    public static NodeUnderTest start(
            Path directory,
            String name,
            Map<String, String> environment,
            List<String> flags,
            String classPath,
            Path file) {
        return new NodeUnderTest(JavaProcess.start(
                directory, name, environment, flags, "-cp", classPath, MAIN, "serve", "--config", file.toString()));
    }

    public void awaitReady() {
        process.await(START, line -> line.startsWith(READY) ? Optional.of(line) : Optional.empty());
    }

    /** Of the HTTP server; waits until it runs. */
    public URI address() {
        return process.await(
                START,
                line -> line.strip().startsWith(ADMIN)
                        ? Optional.of(URI.create(
                                line.strip().substring(ADMIN.length()).strip()))
                        : Optional.empty());
    }

    public void signal(String name) {
        process.signal(name);
    }

    /** Whether it ends by itself. */
    public boolean ends(Duration patience) {
        return process.end(patience).isPresent();
    }

    public Stream<String> log() {
        return process.log();
    }

    public boolean alive() {
        return process.alive();
    }

    public long pid() {
        return process.pid();
    }

    public void kill() {
        process.kill();
    }

    @Override
    public void close() {
        process.close();
    }
}
