package io.livegraft.gateway.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.livegraft.gateway.error.ErrorTable;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.Supplier;
import picocli.CommandLine.Option;

/** Waiting for something long that the node does and tells the {@code state} of: running, done or failed. */
final class WaitOptions {
    @Option(
            names = "--patience",
            paramLabel = "SECONDS",
            description = "How long to wait for it (default: ${DEFAULT-VALUE}).")
    private int patienceSeconds = 86_400;

    /** Asks until the state is {@code wanted} and not running any more; a failure is thrown in the node's words. */
    JsonNode await(String notYet, Supplier<JsonNode> ask, Predicate<JsonNode> wanted) {
        JsonNode ended = Polling.await(notYet, Duration.ofSeconds(patienceSeconds), () -> Optional.of(ask.get())
                .filter(wanted)
                .filter(work -> !work.path("state").asText().equals("running")));
        if (ended.path("state").asText().equals("failed")) {
            JsonNode error = ended.path("error");
            throw new LivegraftException(
                    ErrorTable.byWireCode(error.path("code").asText()).orElse(ErrorCode.UNAVAILABLE),
                    error.path("message").asText());
        }
        return ended;
    }
}
