package io.livegraft.simulation.run;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Stream;

/** A Java process of its own whose output goes to files; it dies with this one. */
public final class JavaProcess implements AutoCloseable {
    private static final Duration END = Duration.ofSeconds(30);
    private static final Duration POLL = Duration.ofMillis(5);

    private final Process process;
    private final Path output;
    private final Path log;
    private final Thread last;

    private JavaProcess(Process process, Path output, Path log) {
        this.process = process;
        this.output = output;
        this.log = log;
        this.last = new Thread(process::destroyForcibly, "livegraft-crash-end");
        Runtime.getRuntime().addShutdownHook(last);
    }

    /** Standard output goes to {@code NAME.out}, what the process logs to {@code NAME.log}. */
    public static JavaProcess start(Path directory, String name, List<String> flags, String... command) {
        return start(directory, name, Map.of(), flags, command);
    }

    /** As above, with variables in its environment besides this process's own. */
    public static JavaProcess start(
            Path directory, String name, Map<String, String> environment, List<String> flags, String... command) {
        List<String> words = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xms32m",
                "-Xmx1g",
                "-XX:+UseSerialGC",
                "--add-modules=jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-Xlog:disable",
                "-Xlog:all=error:stderr",
                "-Xlog:cds*=off:stderr",
                "-Xlog:aot*=off:stderr"));
        words.addAll(flags);
        words.addAll(List.of(command));
        Path output = directory.resolve(name + ".out");
        Path log = directory.resolve(name + ".log");
        try {
            ProcessBuilder builder =
                    new ProcessBuilder(words).redirectOutput(output.toFile()).redirectError(log.toFile());
            builder.environment().putAll(environment);
            return new JavaProcess(builder.start(), output, log);
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    /** The first line of output that the function finds something in; UNAVAILABLE when none comes in time. */
    public <T> T await(Duration patience, Function<String, Optional<T>> find) {
        long deadline = System.nanoTime() + patience.toNanos();
        Optional<T> found = lines().flatMap(line -> find.apply(line).stream()).findFirst();
        while (found.isEmpty()) {
            if (!process.isAlive() || System.nanoTime() > deadline) {
                throw new LivegraftException(
                        ErrorCode.UNAVAILABLE,
                        "%s does not say what was expected of it; its log ends with: %s"
                                .formatted(output, read(log).reduce("", (before, line) -> line)));
            }
            pause(POLL);
            found = lines().flatMap(line -> find.apply(line).stream()).findFirst();
        }
        return found.get();
    }

    /** What it has logged. */
    public Stream<String> log() {
        return read(log);
    }

    public Stream<String> lines() {
        return read(output);
    }

    private static Stream<String> read(Path file) {
        try {
            return Files.readAllLines(file).stream();
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    public boolean alive() {
        return process.isAlive();
    }

    public long pid() {
        return process.pid();
    }

    /** A signal by its name, such as STOP. */
    public void signal(String name) {
        try {
            Process sent = new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start();
            if (sent.waitFor() != 0) {
                throw new LivegraftException(
                        ErrorCode.UNAVAILABLE, "process %d took no signal %s".formatted(process.pid(), name));
            }
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        } catch (InterruptedException interrupted) {
            throw interrupted(interrupted);
        }
    }

    /** SIGKILL; returns when the process is gone. */
    public void kill() {
        process.destroyForcibly();
        await(END);
    }

    /** SIGTERM, and SIGKILL where that takes too long. */
    @Override
    public void close() {
        process.destroy();
        if (!await(END)) {
            kill();
        }
    }

    /** The exit code of a process that ends by itself; empty when it does not end in time. */
    public Optional<Integer> end(Duration patience) {
        return await(patience) ? Optional.of(process.exitValue()) : Optional.empty();
    }

    private boolean await(Duration patience) {
        try {
            boolean ended = process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS);
            if (ended) {
                forget();
            }
            return ended;
        } catch (InterruptedException interrupted) {
            throw interrupted(interrupted);
        }
    }

    private void forget() {
        try {
            Runtime.getRuntime().removeShutdownHook(last);
        } catch (IllegalStateException ending) {
            // This very process ends: the hook runs and finds nothing to do.
        }
    }

    public static void pause(Duration time) {
        try {
            Thread.sleep(time);
        } catch (InterruptedException interrupted) {
            throw interrupted(interrupted);
        }
    }

    private static LivegraftException interrupted(InterruptedException interrupted) {
        Thread.currentThread().interrupt();
        return new LivegraftException(ErrorCode.UNAVAILABLE, "the simulation was interrupted", interrupted);
    }
}
