package io.livegraft.gpu.hub;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HubTest {
    private static final Path TINY = Path.of("org/tiny");
    private static final String SHA256 = TestingHub.sha256(TestingHub.weights(100_000, 1));

    @TempDir
    Path cache;

    private final TestingHub server = new TestingHub();
    private final List<HubProgress> progress = new CopyOnWriteArrayList<>();

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void aDirectoryThatIsThereNeedsNoHub() {
        assertEquals(cache, hub(false).directory(cache));
        Path absent = cache.resolve("absent");
        assertEquals(absent, hub(false).directory(absent), "no hub name either");
        assertTrue(server.seen.isEmpty());
    }

    @Test
    void bringsWhatABaseNeedsAndNothingElse() throws IOException {
        Path snapshot = hub(false).directory(TINY);
        assertEquals(
                List.of("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"),
                names(snapshot));
        for (String name : names(snapshot)) {
            assertArrayEquals(contents(name), Files.readAllBytes(snapshot.resolve(name)), name);
        }
        HubProgress last = progress.getLast();
        assertEquals("model.safetensors", last.file());
        assertEquals(last.total(), last.done());
    }

    @Test
    void laysTheCacheOutAsOtherToolsExpectIt() throws IOException {
        Path snapshot = hub(false).directory(TINY);
        Path repository = cache.resolve("models--org--tiny");
        assertEquals(repository.resolve("snapshots").resolve(TestingHub.COMMIT), snapshot);
        assertEquals(TestingHub.COMMIT, Files.readString(repository.resolve("refs/main")), "no newline");
        assertEquals(Path.of("../../blobs/" + SHA256), Files.readSymbolicLink(snapshot.resolve("model.safetensors")));
        assertEquals(
                Path.of("../../blobs/" + TestingHub.gitSha1(contents("config.json"))),
                Files.readSymbolicLink(snapshot.resolve("config.json")));
        assertEquals(4, names(repository.resolve("blobs")).size(), "no partial file is left");
        assertTrue(Files.exists(cache.resolve(".locks/models--org--tiny/" + SHA256 + ".lock")));
    }

    @Test
    void asksForNothingThatIsThere() {
        Path snapshot = hub(false).directory(TINY);
        server.seen.clear();
        assertEquals(snapshot, hub(false).directory(TINY));
        assertEquals(1, server.seen.size(), "the commit of main alone");
    }

    @Test
    void takesTheShardsThatTheIndexNames() throws IOException {
        server.files.remove("model.safetensors");
        server.files.put("a.safetensors", TestingHub.weights(500, 2));
        server.files.put("b.safetensors", TestingHub.weights(600, 3));
        server.files.put("consolidated.safetensors", TestingHub.weights(700, 4));
        server.files.put(
                "model.safetensors.index.json",
                TestingHub.text("{\"weight_map\": {\"x\": \"a.safetensors\", \"y\": \"b.safetensors\"}}"));
        List<String> names = names(hub(false).directory(TINY));
        assertTrue(names.containsAll(List.of("a.safetensors", "b.safetensors", "model.safetensors.index.json")));
        assertFalse(names.contains("consolidated.safetensors"));
        server.files.put(
                "model.safetensors.index.json",
                TestingHub.text("{\"weight_map\": {\"x\": \"../../../evil.safetensors\"}}"));
        Files.delete(
                cache.resolve("models--org--tiny/snapshots/" + TestingHub.COMMIT + "/model.safetensors.index.json"));
        assertEquals(ErrorCode.INVALID_MODEL, refusal(TINY).code());
    }

    @Test
    void keepsRevisionsApart() throws IOException {
        Path snapshot = hub(false).directory(Path.of("org/tiny@v1/stable"));
        assertEquals(TestingHub.COMMIT, Files.readString(cache.resolve("models--org--tiny/refs/v1/stable")));
        assertFalse(Files.exists(cache.resolve("models--org--tiny/refs/main")));
        assertEquals(snapshot, hub(false).directory(Path.of("org/tiny@" + TestingHub.COMMIT)));
        assertEquals(snapshot, hub(true).directory(Path.of("org/tiny@" + TestingHub.COMMIT)));
    }

    @Test
    void goesOnAfterACutConnection() throws IOException {
        server.cuts.addAll(List.of(30_000, 20_000));
        Path snapshot = hub(false).directory(TINY);
        assertArrayEquals(contents("model.safetensors"), Files.readAllBytes(snapshot.resolve("model.safetensors")));
        assertEquals(List.of("", "bytes=30000-", "bytes=50000-"), ranges());
    }

    @Test
    void aLaterProcessGoesOnWhereAnEarlierOneWasInterrupted() throws IOException {
        server.cuts.addAll(List.of(40_000, 0));
        Hub once = new Hub(settings(false, 1, Optional.empty()), progress::add);
        assertEquals(ErrorCode.UNAVAILABLE, refusal(once, TINY).code());
        Path partial = cache.resolve("models--org--tiny/blobs/" + SHA256 + ".incomplete");
        assertEquals(40_000, Files.size(partial));
        server.cuts.clear();
        hub(false).directory(TINY);
        assertEquals("bytes=40000-", ranges().getLast());
        assertFalse(Files.exists(partial));
    }

    @Test
    void beginsAnewWhereTheStorageKnowsNoRanges() throws IOException {
        server.honoursRange = false;
        server.cuts.add(30_000);
        Path snapshot = hub(false).directory(TINY);
        assertArrayEquals(contents("model.safetensors"), Files.readAllBytes(snapshot.resolve("model.safetensors")));
    }

    @Test
    void givesUpOnAServerThatFallsSilent() {
        server.cuts.add(0);
        server.stalls = true;
        Hub impatient = new Hub(settings(false, 1, Optional.empty()), progress::add);
        LivegraftException refusal = refusal(impatient, TINY);
        assertEquals(ErrorCode.UNAVAILABLE, refusal.code());
        assertTrue(message(refusal).contains("silent"), refusal.getMessage());
    }

    @Test
    void refusesWhatArrivesWithAnotherChecksum() throws IOException {
        server.forged.put("model.safetensors", TestingHub.weights(100_000, 9));
        LivegraftException refusal = refusal(TINY);
        assertEquals(
                "model.safetensors arrived with another checksum than %s and was removed; try again".formatted(SHA256),
                refusal.getMessage());
        assertEquals(3, names(cache.resolve("models--org--tiny/blobs")).size(), "neither blob nor partial file");
        server.forged.clear();
        hub(false).directory(TINY);
    }

    @Test
    void refusesMoreBytesThanWereAnnounced() {
        server.forged.put("model.safetensors", TestingHub.weights(100_001, 9));
        assertTrue(message(refusal(TINY)).contains("more than the 100000 bytes"));
    }

    @Test
    void refusesAFileThatTheDiskCanNotHoldBeforeItComes() {
        server.announced.put("model.safetensors", 1L << 60);
        LivegraftException refusal = refusal(TINY);
        assertTrue(
                message(refusal).startsWith("model.safetensors needs 1152921504606846976 more bytes, but the disk"),
                refusal.getMessage());
        assertEquals(0, server.requests("storage", "GET"));
    }

    @Test
    void theTokenStaysWithTheEndpoint() {
        server.token = Optional.of("hf_secret");
        new Hub(settings(false, 3, Optional.of("hf_secret")), progress::add).directory(TINY);
        assertTrue(server.seen.stream()
                .filter(request -> request.server().equals("endpoint"))
                .allMatch(request -> request.authorization().equals("Bearer hf_secret")));
        assertEquals(1, server.requests("storage", "GET"));
        assertTrue(server.seen.stream()
                .filter(request -> request.server().equals("storage"))
                .allMatch(request -> request.authorization().isEmpty()));
    }

    @Test
    void saysWhatToDoAboutGatedPrivateAndMissingModels() {
        server.gated = true;
        assertTrue(message(refusal(TINY)).contains("it is gated, ask for access at"));
        server.gated = false;
        server.token = Optional.of("hf_secret");
        LivegraftException closed = refusal(TINY);
        assertTrue(message(closed).contains("set HF_TOKEN"), closed.getMessage());
        assertEquals(ErrorCode.INVALID_CONFIGURATION, closed.code());
        server.token = Optional.empty();
        LivegraftException missing = refusal(Path.of("org/absent"));
        assertTrue(message(missing).startsWith("there is no directory 'org/absent', and"), missing.getMessage());
        assertEquals(
                "'org/tiny' has no revision 'v9' on the hub",
                refusal(Path.of("org/tiny@v9")).getMessage());
        assertEquals(4, server.seen.size(), "none is tried again");
    }

    @Test
    void triesAgainWhenTheHubIsBusy() {
        server.failures.addAll(List.of(503, 429));
        hub(false).directory(TINY);
        assertTrue(server.failures.isEmpty());
    }

    @Test
    void givesUpAfterTheSetNumberOfAttempts() {
        server.failures.addAll(List.of(503, 503, 503));
        LivegraftException refusal = refusal(TINY);
        assertEquals(ErrorCode.UNAVAILABLE, refusal.code());
        assertTrue(message(refusal).endsWith("127.0.0.1 answered 503, after 3 attempts"), refusal.getMessage());
    }

    @Test
    void worksOfflineFromTheCache() throws IOException {
        LivegraftException empty =
                assertThrows(LivegraftException.class, () -> hub(true).directory(TINY));
        assertTrue(message(empty).contains("HF_HUB_OFFLINE is set"), empty.getMessage());
        Path snapshot = hub(false).directory(TINY);
        server.seen.clear();
        assertEquals(snapshot, hub(true).directory(TINY));
        assertTrue(server.seen.isEmpty());
        Files.delete(snapshot.resolve("model.safetensors"));
        LivegraftException partial =
                assertThrows(LivegraftException.class, () -> hub(true).directory(TINY));
        assertTrue(message(partial).endsWith("lacks model.safetensors of it"), partial.getMessage());
    }

    @Test
    void takesTheCacheWhenTheHubCanNotBeReached() {
        Path snapshot = hub(false).directory(TINY);
        server.failures.addAll(List.of(503, 503, 503));
        assertEquals(snapshot, hub(false).directory(TINY));
        server.close();
        assertEquals(snapshot, hub(false).directory(TINY), "nobody listens");
        assertEquals(ErrorCode.UNAVAILABLE, refusal(Path.of("org/other")).code());
    }

    @Test
    void twoDownloadsAtOnceBringEachBlobOnce() throws InterruptedException {
        List<Path> found = new CopyOnWriteArrayList<>();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            threads.add(Thread.ofVirtual().start(() -> found.add(hub(false).directory(TINY))));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertEquals(4, found.size());
        assertEquals(1, server.requests("storage", "GET"));
    }

    @Test
    void refusesAModelThatIsNoBase() {
        server.files.remove("model.safetensors");
        LivegraftException refusal = refusal(TINY);
        assertEquals(
                "'org/tiny' on the hub has no model.safetensors or model.safetensors.index.json", refusal.getMessage());
        server.files.remove("tokenizer.json");
        assertEquals(ErrorCode.INVALID_MODEL, refusal(TINY).code());
        assertEquals(0, server.requests("endpoint", "HEAD"), "nothing was downloaded");
    }

    private static List<String> names(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    private List<String> ranges() {
        return server.seen.stream()
                .filter(request -> request.server().equals("storage"))
                .map(TestingHub.Seen::range)
                .toList();
    }

    private byte[] contents(String file) {
        return server.files.getOrDefault(file, new byte[0]);
    }

    private static String message(LivegraftException refusal) {
        return String.valueOf(refusal.getMessage());
    }

    private LivegraftException refusal(Path base) {
        return refusal(hub(false), base);
    }

    private static LivegraftException refusal(Hub hub, Path base) {
        return assertThrows(LivegraftException.class, () -> hub.directory(base));
    }

    private Hub hub(boolean offline) {
        return new Hub(settings(offline, 3, Optional.empty()), progress::add);
    }

    private HubSettings settings(boolean offline, int attempts, Optional<String> token) {
        URI endpoint = server.uri();
        return new HubSettings(
                endpoint,
                cache,
                token.map(AccessToken::new),
                offline,
                attempts,
                Duration.ofMillis(1),
                Duration.ofSeconds(5),
                Duration.ofMillis(700));
    }
}
