package io.livegraft.actors.object;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;

/** The same against a real server: S3Proxy, in a process of its own. */
class S3ObjectStoreTest extends ObjectStoreContract {
    private static final Path SERVER = Path.of("target", "s3proxy", "s3proxy.jar");
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    private static Path directory;

    private static int port;
    private static Process server;
    private static int stores;

    @BeforeAll
    static void start() throws Exception {
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        Files.createDirectories(directory.resolve("data/bucket"));
        Path properties = directory.resolve("s3proxy.properties");
        Files.writeString(properties, """
                s3proxy.endpoint=http://127.0.0.1:%d
                s3proxy.authorization=aws-v2-or-v4
                s3proxy.identity=name
                s3proxy.credential=secret
                jclouds.provider=filesystem-nio2
                jclouds.identity=name
                jclouds.credential=secret
                jclouds.filesystem.basedir=%s
                """.formatted(port, directory.resolve("data")));
        server = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-Xmx256m",
                        "-jar",
                        SERVER.toString(),
                        "--properties",
                        properties.toString())
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("s3proxy.log").toFile())
                .start();
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!listens()) {
            assertTrue(server.isAlive() && System.nanoTime() < deadline, S3ObjectStoreTest::log);
            Thread.sleep(100);
        }
    }

    @AfterAll
    static void stop() throws InterruptedException {
        server.destroyForcibly();
        assertTrue(server.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS));
    }

    @Override
    ObjectStore store() {
        return store(port, "secret", "test-%d/".formatted(stores++));
    }

    @Test
    void aWrongSecretIsAnErrorAndNotAnAbsentObject() {
        assertThrows(IOException.class, () -> store(port, "wrong", "").get("key"));
    }

    @Test
    void aServerThatIsNotThereIsAnErrorAfterSomeAttempts() throws IOException {
        int nobody;
        try (ServerSocket free = new ServerSocket(0)) {
            nobody = free.getLocalPort();
        }
        List<String> failed = List.of("get", "put");
        assertThrows(IOException.class, () -> store(nobody, "secret", "").get(failed.getFirst()));
        assertThrows(IOException.class, () -> store(nobody, "secret", "").put(failed.getLast(), new byte[1]));
    }

    private static ObjectStore store(int at, String secret, String folder) {
        ObjectStoreSettings.S3 settings = new ObjectStoreSettings.S3(
                Optional.of(URI.create("http://127.0.0.1:" + at)),
                "bucket",
                "us-east-1",
                "livegraft/",
                2,
                Duration.ofSeconds(5),
                Duration.ofSeconds(30),
                PATIENCE);
        return new S3ObjectStore(
                settings, folder, StaticCredentialsProvider.create(AwsBasicCredentials.create("name", secret)));
    }

    private static boolean listens() {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return socket.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    private static String log() {
        try {
            return Files.readString(directory.resolve("s3proxy.log"));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
