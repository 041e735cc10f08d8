package io.livegraft.gateway.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.livegraft.gateway.error.ErrorTable;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.StreamSupport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code livegraft status}: what serves and how far training is, a line for each tenant. */
@Command(name = "status", description = "Show what serves and how far training is, for all tenants or one.")
final class StatusCommand implements Callable<Integer> {
    private final Terminal terminal;

    @Parameters(paramLabel = "TENANT", arity = "0..1", description = "Only this one.")
    private Optional<String> tenant = Optional.empty();

    @Mixin
    private ServerOptions server = new ServerOptions();

    StatusCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        GatewayClient client = server.client();
        List<JsonNode> adapters = tenant.map(
                        name -> List.of(client.get("/admin/v1/adapters/" + TenantPath.encode(name))))
                .orElseGet(() -> all(client));
        List<JsonNode> trainers = elements(client.get("/admin/v1/training").path("trainers")).stream()
                .filter(trainer ->
                        tenant.isEmpty() || trainer.path("tenant").asText().equals(tenant.get()))
                .toList();
        if (server.json()) {
            ObjectNode all = JsonNodeFactory.instance.objectNode();
            all.putArray("adapters").addAll(adapters);
            all.putArray("trainers").addAll(trainers);
            terminal.json(all);
        } else {
            print(adapters, trainers);
        }
        return ErrorTable.OK;
    }

    /** Page after page. */
    private static List<JsonNode> all(GatewayClient client) {
        List<JsonNode> adapters = new ArrayList<>();
        JsonNode page = client.get("/admin/v1/adapters");
        adapters.addAll(elements(page.path("adapters")));
        while (page.has("next")) {
            page = client.get("/admin/v1/adapters?after=" + page.path("next").asText());
            adapters.addAll(elements(page.path("adapters")));
        }
        return adapters;
    }

    private void print(List<JsonNode> adapters, List<JsonNode> trainers) {
        line("TENANT", "SERVING", "PREVIOUS", "CANDIDATE", "HELD", "VERSIONS", "STEP", "TRAINED", "LOSS");
        for (JsonNode adapter : adapters) {
            String name = adapter.path("tenant").asText();
            JsonNode trainer = trainers.stream()
                    .filter(candidate -> candidate.path("tenant").asText().equals(name))
                    .findFirst()
                    .orElseGet(JsonNodeFactory.instance::objectNode);
            line(
                    name,
                    adapter.path("servingLabel").asText(),
                    text(adapter, "previous"),
                    text(adapter, "candidate"),
                    adapter.path("held").asBoolean() ? "held" : "-",
                    String.valueOf(
                            adapter.has("versions")
                                    ? adapter.path("versions").size()
                                    : adapter.path("versionCount").asInt()),
                    text(trainer, "step"),
                    text(trainer, "trained"),
                    trainer.path("lastLoss").isNumber()
                            ? "%.4f".formatted(trainer.path("lastLoss").doubleValue())
                            : "-");
        }
    }

    private void line(String... cells) {
        terminal.out()
                .println("%-20s %-22s %-9s %-10s %-6s %9s %7s %9s %10s"
                        .formatted((Object[]) cells)
                        .stripTrailing());
    }

    private static String text(JsonNode object, String field) {
        JsonNode value = object.path(field);
        return value.isNull() || value.isMissingNode() ? "-" : value.asText();
    }

    private static List<JsonNode> elements(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false).toList();
    }
}
