package io.livegraft.gateway.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.stream.StreamSupport;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What all commands take that write into a tenant's log. */
final class ControlOptions {
    @Option(names = "--reason", paramLabel = "T", description = "Kept in the log and in the history.")
    private String reason = "";

    @Option(names = "--dry-run", description = "Check whether it can be done, write nothing.")
    private boolean dryRun;

    @Option(
            names = "--patience",
            paramLabel = "SECONDS",
            description = "How long to wait for the trainer (default: ${DEFAULT-VALUE}).")
    private int patienceSeconds = 3600;

    @Mixin
    private ServerOptions server = new ServerOptions();

    boolean dryRun() {
        return dryRun;
    }

    boolean json() {
        return server.json();
    }

    JsonNode get(String path) {
        return server.client().get(path);
    }

    JsonNode adapter(String tenant) {
        return get("/admin/v1/adapters/" + TenantPath.encode(tenant));
    }

    /** Where the record is in the log. */
    JsonNode write(String tenant, String verb, ObjectNode body) {
        body.put("reason", reason).put("dryRun", dryRun);
        return server.client().post("/admin/v1/adapters/" + TenantPath.encode(tenant) + ":" + verb, body, Map.of());
    }

    /** The tenant's trainer once it has taken the record. */
    JsonNode trainerAt(String tenant, long offset) {
        return Polling.await(
                "the trainer of %s has not taken offset %d yet".formatted(tenant, offset),
                patience(),
                () -> trainer(tenant).filter(trainer -> trainer.path("offset").asLong() >= offset));
    }

    private Optional<JsonNode> trainer(String tenant) {
        JsonNode trainers = get("/admin/v1/training").path("trainers");
        return StreamSupport.stream(trainers.spliterator(), false)
                .filter(trainer -> trainer.path("tenant").asText().equals(tenant))
                .findFirst();
    }

    Duration patience() {
        return Duration.ofSeconds(patienceSeconds);
    }
}
