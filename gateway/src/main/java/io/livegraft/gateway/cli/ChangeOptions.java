package io.livegraft.gateway.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What all changes to a tenant's versions take. */
final class ChangeOptions {
    @Parameters(paramLabel = "TENANT", description = "Whose adapter.")
    private String tenant = "";

    @Option(names = "--reason", paramLabel = "T", description = "Kept in the history.")
    private String reason = "";

    @Option(names = "--dry-run", description = "Show what would be, change nothing.")
    private boolean dryRun;

    @Option(
            names = "--if-serving",
            paramLabel = "N",
            description = "Refuse unless this version is the one that serves.")
    private Optional<Integer> ifServing = Optional.empty();

    @Mixin
    private ServerOptions server = new ServerOptions();

    /** Posts the change and prints what came of it. */
    void change(Terminal terminal, String verb, OptionalInt version) {
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        version.ifPresent(number -> body.put("to", number));
        body.put("reason", reason).put("dryRun", dryRun);
        Map<String, String> headers = ifServing
                .map(number -> Map.of("If-Match", "\"" + number + "\""))
                .orElse(Map.of());
        JsonNode image =
                server.client().post("/admin/v1/adapters/" + TenantPath.encode(tenant) + ":" + verb, body, headers);
        if (server.json()) {
            terminal.json(image);
        } else {
            terminal.out()
                    .println("%s%s serving%s"
                            .formatted(
                                    dryRun ? "dry run: " : "",
                                    image.path("servingLabel").asText(),
                                    image.path("held").asBoolean() ? ", publishing held" : ""));
            image.path("hint").asText("").lines().forEach(terminal.out()::println);
        }
    }
}
