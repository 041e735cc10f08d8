package io.livegraft.gateway.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.livegraft.gateway.error.ErrorTable;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code livegraft history}: every decision about a tenant's versions, oldest first. */
@Command(name = "history", description = "Show what was decided about a tenant's versions, oldest first.")
final class HistoryCommand implements Callable<Integer> {
    private final Terminal terminal;

    @Parameters(paramLabel = "TENANT", description = "Whose adapter.")
    private String tenant = "";

    @Mixin
    private ServerOptions server = new ServerOptions();

    HistoryCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        GatewayClient client = server.client();
        String path = "/admin/v1/adapters/" + TenantPath.encode(tenant);
        ObjectNode answer = (ObjectNode) client.get(path + "/history");
        if (server.json()) {
            terminal.json(answer.set("versions", client.get(path + "/versions").path("versions")));
            return ErrorTable.OK;
        }
        for (JsonNode entry : answer.path("history")) {
            terminal.out()
                    .println("%-30s %-9s %-24s %-12s %s"
                            .formatted(
                                    entry.path("at").asText(),
                                    entry.path("action").asText(),
                                    tenant + ":" + entry.path("serving").asInt(),
                                    entry.path("principal").asText(),
                                    entry.path("reason").asText())
                            .stripTrailing());
        }
        return ErrorTable.OK;
    }
}
