package io.livegraft.simulation.crash;

import com.fasterxml.jackson.databind.JsonNode;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.proto.checkpoint.Checkpoint;
import io.livegraft.proto.checkpoint.Counters;
import io.livegraft.simulation.run.NodeHttp;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Asks a living node how far it is, and reads the checkpoints that it names. */
final class NodeState implements AutoCloseable {
    private final NodeHttp http = new NodeHttp(Duration.ofSeconds(60));
    private final URI admin;
    private final Path checkpoints;

    /** {@code admin} is the node's admin interface, {@code state} its directory. */
    NodeState(URI admin, Path state) {
        this.admin = admin;
        this.checkpoints = state.resolve("checkpoints");
    }

    /** Tenants without a readable checkpoint are left out: theirs is being replaced right now. */
    SortedMap<String, Found> look() {
        SortedMap<String, Found> found = new TreeMap<>();
        for (JsonNode trainer : get("/training").path("trainers")) {
            String tenant = trainer.path("tenant").asText();
            String digest = trainer.path("checkpointDigest").asText();
            checkpoint(tenant, digest).ifPresent(bytes -> found.put(tenant, found(digest, bytes, versions(tenant))));
        }
        return found;
    }

    /** The retained versions of a tenant. */
    JsonNode versions(String tenant) {
        return get("/adapters/" + tenant).path("versions");
    }

    private static Found found(String digest, byte[] bytes, JsonNode versions) {
        List<String> digests = new ArrayList<>();
        int newest = 0;
        for (JsonNode version : versions) {
            digests.add(version.path("digest").asText());
            newest = version.path("number").asInt();
        }
        try {
            Checkpoint checkpoint = Checkpoint.parseFrom(bytes);
            Counters counters = checkpoint.getCounters();
            return new Found(
                    digest,
                    sha256(bytes).equals(digest),
                    checkpoint.getOffset(),
                    checkpoint.getEventIdWindowList(),
                    new Ledger.Counts(
                            counters.getTrained(),
                            counters.getHeldOut(),
                            counters.getDuplicates(),
                            counters.getSkipped(),
                            counters.getUndone()),
                    settled(checkpoint, digests),
                    newest,
                    digests);
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    /** Whether all steps are offered and the last offer is decided. */
    private static boolean settled(Checkpoint checkpoint, List<String> versions) {
        boolean decided = !checkpoint.hasLastOffer()
                || (!versions.isEmpty()
                        && versions.getLast().equals(checkpoint.getLastOffer().getAdapterDigest()));
        return checkpoint.getStepsSinceOffer() == 0 && decided;
    }

    private Optional<byte[]> checkpoint(String tenant, String digest) {
        if (digest.isEmpty()) {
            return Optional.empty();
        }
        try (Stream<Path> files = Files.list(checkpoints.resolve(tenant))) {
            Optional<Path> file = files.filter(
                            each -> each.getFileName().toString().endsWith(digest + ".ckpt"))
                    .findFirst();
            return file.isPresent() ? Optional.of(Files.readAllBytes(file.get())) : Optional.empty();
        } catch (IOException replaced) {
            return Optional.empty();
        }
    }

    boolean ready() {
        return http.get(admin.resolve("/readyz")).statusCode() == NodeHttp.OK;
    }

    /** Whether it trains the tenants of this partition. */
    boolean trains(int partition) {
        return http.get(admin.resolve("/metrics"))
                .body()
                .contains("livegraft_trainers_awake{partition=\"%d\"}".formatted(partition));
    }

    private JsonNode get(String path) {
        URI uri = URI.create(admin + path);
        HttpResponse<String> response = http.get(uri);
        if (response.statusCode() != NodeHttp.OK) {
            throw new LivegraftException(
                    ErrorCode.UNAVAILABLE, "%s answered %d: %s".formatted(uri, response.statusCode(), response.body()));
        }
        return NodeHttp.parse(response.body());
    }

    private static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException missing) {
            throw new IllegalStateException("every Java platform has SHA-256", missing);
        }
    }

    @Override
    public void close() {
        http.close();
    }
}
