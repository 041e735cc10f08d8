package io.livegraft.gateway.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.livegraft.gateway.error.ErrorTable;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code livegraft scrub}: has the node read everything that it keeps for good. */
@Command(
        name = "scrub",
        description = {
            "Read every checkpoint, adapter and archived record of the running node, compare them with their digests, and delete",
            "adapters that no version names. The exit code is 1 where something is damaged."
        })
final class ScrubCommand implements Callable<Integer> {
    private static final String PATH = "/admin/v1/scrub";

    private final Terminal terminal;

    @Mixin
    private WaitOptions waiting = new WaitOptions();

    @Mixin
    private ServerOptions server = new ServerOptions();

    ScrubCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        GatewayClient client = server.client();
        long id = client.post(PATH, JsonNodeFactory.instance.objectNode(), Map.of())
                .path("id")
                .asLong();
        JsonNode ended = waiting.await(
                "the stores are not scrubbed yet",
                () -> client.get(PATH),
                scrub -> scrub.path("id").asLong() >= id);
        if (server.json()) {
            terminal.json(ended);
        } else {
            print(ended.path("report"));
        }
        return ended.path("sound").asBoolean() ? ErrorTable.OK : ErrorTable.FAILED;
    }

    private void print(JsonNode report) {
        for (String store : new String[] {"checkpoints", "adapters", "archive"}) {
            JsonNode tally = report.path(store);
            terminal.out()
                    .println("%-11s %d whole, %d unfinished, %d damaged"
                            .formatted(
                                    store,
                                    tally.path("whole").asLong(),
                                    tally.path("unfinished").asLong(),
                                    tally.path("damaged").asLong()));
        }
        terminal.out()
                .println("%d adapters that no version names were deleted; %.1f s"
                        .formatted(
                                report.path("orphans").asLong(),
                                report.path("seconds").asDouble()));
        report.path("damaged").forEach(each -> terminal.err().println("damaged: " + each.asText()));
    }
}
