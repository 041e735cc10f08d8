package io.livegraft.gateway.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.livegraft.gateway.error.ErrorTable;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code livegraft reset}: writes the record and waits for the trainer. */
@Command(
        name = "reset",
        description = {
            "Make a tenant's training go back to a retained version, as if nothing had come after it; 0 is before the first.",
            "What serves stays until the next version: roll back to serve the old one now."
        })
final class ResetCommand implements Callable<Integer> {
    private final Terminal terminal;

    @Parameters(paramLabel = "TENANT:VERSION", converter = VersionLabel.Converter.class, description = "Back to which.")
    private VersionLabel version = new VersionLabel("", 0);

    @Mixin
    private ControlOptions control = new ControlOptions();

    ResetCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        JsonNode receipt = control.write(
                version.tenant(), "reset", JsonNodeFactory.instance.objectNode().put("to", version.number()));
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("tenant", version.tenant());
        json.put("version", version.number());
        json.put("dryRun", control.dryRun());
        if (!control.dryRun()) {
            JsonNode trainer =
                    control.trainerAt(version.tenant(), receipt.path("offset").asLong());
            json.put("step", trainer.path("step").asLong());
            json.put("undone", trainer.path("undone").asLong());
        }
        json.put(
                "serving",
                control.adapter(version.tenant()).path("servingLabel").asText());
        if (control.json()) {
            terminal.json(json);
        } else {
            terminal.out()
                    .println("%s goes on from %s; %s serves"
                            .formatted(
                                    control.dryRun() ? "dry run: training" : "training", version, json.get("serving")));
        }
        return ErrorTable.OK;
    }
}
