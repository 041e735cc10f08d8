package io.livegraft.actors.object;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** A real S3-compatible server with one empty bucket: S3Proxy, in a process of its own. */
public final class TestingS3 implements AutoCloseable {
    public static final String BUCKET = "bucket";
    /** As in the environment that the pom gives to tests. */
    static final String NAME = "name";

    static final String SECRET = "secret";

    private static final Path SERVER = Path.of("target", "s3proxy", "s3proxy.jar");
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int LOOK_MILLIS = 100;

    private final int port;
    private final Path log;
    private final Process process;

    private TestingS3(int port, Path log, Process process) {
        this.port = port;
        this.log = log;
        this.process = process;
    }

    /** Returns when it listens; all that it writes is below {@code directory}. */
    public static TestingS3 start(Path directory) throws IOException {
        int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        Files.createDirectories(directory.resolve("data").resolve(BUCKET));
        Path properties = Files.writeString(
                directory.resolve("s3proxy.properties"), """
                s3proxy.endpoint=http://127.0.0.1:%d
                s3proxy.authorization=aws-v2-or-v4
                s3proxy.identity=%s
                s3proxy.credential=%s
                jclouds.provider=filesystem-nio2
                jclouds.identity=name
                jclouds.credential=secret
                jclouds.filesystem.basedir=%s
                """.formatted(port, NAME, SECRET, directory.resolve("data")));
        Path log = directory.resolve("s3proxy.log");
        TestingS3 started = new TestingS3(
                port,
                log,
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java")
                                        .toString(),
                                "-XX:TieredStopAtLevel=1",
                                "-Xmx256m",
                                "-jar",
                                SERVER.toString(),
                                "--properties",
                                properties.toString())
                        .redirectErrorStream(true)
                        .redirectOutput(log.toFile())
                        .start());
        started.await();
        return started;
    }

    private void await() {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!listens()) {
            assertTrue(process.isAlive() && System.nanoTime() < deadline, this::log);
            try {
                Thread.sleep(LOOK_MILLIS);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
    }

    private boolean listens() {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return socket.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    private String log() {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    int port() {
        return port;
    }

    public String endpoint() {
        return "http://127.0.0.1:" + port;
    }

    @Override
    public void close() {
        process.destroyForcibly();
        try {
            assertTrue(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
