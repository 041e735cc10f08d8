package io.livegraft.gateway.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.livegraft.gateway.error.ErrorTable;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code livegraft feedback send}: posts a file's events in order, a bounded batch at a time. */
@Command(
        name = "send",
        description = {
            "Post feedback events from a file, one FeedbackRecord as JSON a line, e.g.",
            "  {\"prompt\":\"…\",\"completion\":\"…\",\"rating\":\"ACCEPTED\"}",
            "After a failure the file may be sent again if its events have ids: an id counts once."
        })
final class FeedbackSendCommand implements Callable<Integer> {
    private static final int BATCH_EVENTS = 200;
    private static final int BATCH_CHARACTERS = 1_000_000;
    private static final ObjectMapper JSON = JsonMapper.builder().build();

    private final Terminal terminal;

    @Option(names = "--tenant", required = true, paramLabel = "T", description = "Whose feedback it is.")
    private String tenant = "";

    @Option(names = "--file", required = true, paramLabel = "F.jsonl", description = "Events, one JSON object a line.")
    private Path file = Path.of("");

    @Mixin
    private ServerOptions server = new ServerOptions();

    FeedbackSendCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        long sent = 0;
        try (BufferedReader lines = Files.newBufferedReader(file)) {
            sent = sendAll(lines);
        } catch (IOException unreadable) {
            throw new LivegraftException(
                    ErrorCode.INVALID_REQUEST, "can't read %s: %s".formatted(file, unreadable), unreadable);
        }
        if (server.json()) {
            terminal.json(Map.of("tenant", tenant, "accepted", sent));
        } else {
            terminal.out().println("%d events accepted for %s".formatted(sent, tenant));
        }
        return ErrorTable.OK;
    }

    private long sendAll(BufferedReader lines) throws IOException {
        GatewayClient client = server.client();
        ArrayNode batch = JsonNodeFactory.instance.arrayNode();
        long sent = 0;
        long number = 0;
        int characters = 0;
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            number++;
            if (line.isBlank()) {
                continue;
            }
            if (batch.size() == BATCH_EVENTS || (!batch.isEmpty() && characters + line.length() > BATCH_CHARACTERS)) {
                sent += send(client, batch, sent);
                batch = JsonNodeFactory.instance.arrayNode();
                characters = 0;
            }
            batch.add(event(line, number));
            characters += line.length();
        }
        return batch.isEmpty() ? sent : sent + send(client, batch, sent);
    }

    private int send(GatewayClient client, ArrayNode batch, long before) {
        try {
            client.post("/v1/feedback", batch, Map.of());
            return batch.size();
        } catch (LivegraftException refused) {
            throw new LivegraftException(
                    refused.code(),
                    "%s (%d events of this file were accepted before this batch)"
                            .formatted(refused.getMessage(), before),
                    refused);
        }
    }

    private ObjectNode event(String line, long number) {
        try {
            JsonNode node = JSON.readTree(line);
            if (node instanceof ObjectNode event) {
                return event.put("tenant", tenant);
            }
        } catch (JsonProcessingException broken) {
            throw new LivegraftException(
                    ErrorCode.INVALID_REQUEST,
                    "line %d of %s is not JSON: %s".formatted(number, file, broken.getOriginalMessage()),
                    broken);
        }
        throw new LivegraftException(
                ErrorCode.INVALID_REQUEST, "line %d of %s is not a JSON object".formatted(number, file));
    }
}
