package io.livegraft.actors.checkpoint;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A {@link DurableCycle} in a process of its own whose system calls strace sees from the moment it begins. */
final class TracedCycle {
    /** System calls about files. */
    static final String CALLS = "openat,write,pwrite64,fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat,"
            + "rmdir,mkdir,mkdirat,close,ftruncate,fallocate,lseek,getdents64,newfstatat,fstat,stat,lstat,statx,pread64";

    private static final int PATIENCE_SECONDS = 60;

    private TracedCycle() {}

    /**
     * Runs one cycle to its end.
     *
     * @param injected as strace's {@code -e inject=} has it
     * @param trace where the calls are written
     * @return the last line that the process wrote
     */
    static String run(Path state, Path scratch, long number, Optional<String> injected, Path trace)
            throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-XX:-UsePerfData",
                        "-Xmx128m",
                        "--add-modules=jdk.incubator.vector",
                        "-cp",
                        System.getProperty("java.class.path"),
                        DurableCycle.class.getName(),
                        state.toString(),
                        scratch.toString(),
                        Long.toString(number))
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
            String last = "";
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                last = line;
                if (line.equals("ready")) {
                    attach(process, injected, trace);
                    process.outputWriter().write('\n');
                    process.outputWriter().flush();
                }
            }
            return last;
        } finally {
            process.destroyForcibly();
            process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS);
        }
    }

    private static void attach(Process process, Optional<String> injected, Path trace)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(
                List.of("strace", "-f", "-qq", "-e", "signal=none", "-e", "trace=" + CALLS, "-o", trace.toString()));
        injected.ifPresent(what -> command.addAll(List.of("-e", "inject=" + what)));
        command.addAll(List.of("-p", Long.toString(process.pid())));
        Process strace = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (!traced(process.pid())) {
            if (!strace.isAlive() || System.nanoTime() > deadline) {
                throw new IOException("strace does not attach");
            }
            Thread.sleep(5);
        }
    }

    /** Whether every thread has a tracer. */
    private static boolean traced(long pid) throws IOException {
        try (Stream<Path> threads = Files.list(Path.of("/proc", Long.toString(pid), "task"))) {
            for (Path thread : threads.toList()) {
                if (Files.readString(thread.resolve("status")).contains("TracerPid:\t0\n")) {
                    return false;
                }
            }
        }
        return true;
    }
}
