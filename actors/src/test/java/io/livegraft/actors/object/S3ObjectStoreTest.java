package io.livegraft.actors.object;

import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;

/** The same against a real server. */
class S3ObjectStoreTest extends ObjectStoreContract {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    private static Path directory;

    @AutoClose
    private static TestingS3 server;

    private static int stores;

    @BeforeAll
    static void start() throws IOException {
        server = TestingS3.start(directory);
    }

    @Override
    ObjectStore store() {
        return store(server.port(), TestingS3.SECRET, "test-%d/".formatted(stores++));
    }

    @Test
    void aWrongSecretIsAnErrorAndNotAnAbsentObject() {
        assertThrows(IOException.class, () -> store(server.port(), "wrong", "").get("key"));
    }

    @Test
    void aServerThatIsNotThereIsAnErrorAfterSomeAttempts() throws IOException {
        int nobody;
        try (ServerSocket free = new ServerSocket(0)) {
            nobody = free.getLocalPort();
        }
        List<String> failed = List.of("get", "put");
        assertThrows(
                IOException.class, () -> store(nobody, TestingS3.SECRET, "").get(failed.getFirst()));
        assertThrows(
                IOException.class, () -> store(nobody, TestingS3.SECRET, "").put(failed.getLast(), new byte[1]));
    }

    private static ObjectStore store(int at, String secret, String folder) {
        ObjectStoreSettings.S3 settings = new ObjectStoreSettings.S3(
                Optional.of(URI.create("http://127.0.0.1:" + at)),
                TestingS3.BUCKET,
                "us-east-1",
                "livegraft/",
                2,
                Duration.ofSeconds(5),
                Duration.ofSeconds(30),
                PATIENCE);
        return new S3ObjectStore(
                settings, folder, StaticCredentialsProvider.create(AwsBasicCredentials.create(TestingS3.NAME, secret)));
    }
}
