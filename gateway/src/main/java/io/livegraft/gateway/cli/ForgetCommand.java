package io.livegraft.gateway.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.livegraft.gateway.error.ErrorTable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code livegraft forget}: writes the record, waits for the trainer, says which version is the first without the subject. */
@Command(
        name = "forget",
        description = {
            "Unlearn a subject's events exactly: the log is read again without them, and what held them is dropped.",
            "The log itself still holds the events."
        })
final class ForgetCommand implements Callable<Integer> {
    private final Terminal terminal;

    @Parameters(paramLabel = "TENANT", description = "Whose adapter.")
    private String tenant = "";

    @Parameters(paramLabel = "SUBJECT", description = "The events' subject.")
    private String subject = "";

    @Mixin
    private ControlOptions control = new ControlOptions();

    ForgetCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        List<Integer> before = numbers(control.adapter(tenant));
        JsonNode receipt = control.write(
                tenant, "forget", JsonNodeFactory.instance.objectNode().put("subject", subject));
        if (control.dryRun()) {
            return report(before, OptionalInt.empty(), "dry run: nothing was written");
        }
        long offset = receipt.path("offset").asLong();
        JsonNode trainer = control.trainerAt(tenant, offset);
        if (trainer.path("lineOffset").asLong() < offset) {
            return report(before, OptionalInt.empty(), "no event of %s was in the log".formatted(subject));
        }
        if (trainer.path("step").asLong() == 0) {
            return report(before, OptionalInt.empty(), "nothing is left to learn from: no version was made");
        }
        OptionalInt first = Polling.await(
                "the version without %s is not decided yet".formatted(subject),
                control.patience(),
                () -> decided(control.adapter(tenant), offset));
        return report(
                before,
                first,
                first.isPresent()
                        ? "%s:%d is the first version without %s".formatted(tenant, first.getAsInt(), subject)
                        : "the version without %s did not pass the gate".formatted(subject));
    }

    /** The first version at or after the record, none where the gate refused it; empty while neither is known. */
    private static Optional<OptionalInt> decided(JsonNode adapter, long offset) {
        for (JsonNode version : adapter.path("versions")) {
            if (version.path("offset").asLong() >= offset) {
                return Optional.of(OptionalInt.of(version.path("number").asInt()));
            }
        }
        String last = "";
        for (JsonNode entry : adapter.path("history")) {
            last = entry.path("action").asText();
        }
        return last.equals("refuse") ? Optional.of(OptionalInt.empty()) : Optional.empty();
    }

    private int report(List<Integer> before, OptionalInt first, String outcome) {
        JsonNode adapter = control.adapter(tenant);
        List<Integer> dropped = new ArrayList<>(before);
        dropped.removeAll(numbers(adapter));
        String serving = adapter.path("servingLabel").asText();
        if (control.json()) {
            Map<String, Object> json = new LinkedHashMap<>();
            json.put("tenant", tenant);
            json.put("subject", subject);
            first.ifPresent(number -> json.put("firstVersion", number));
            json.put("dropped", dropped);
            json.put("serving", serving);
            json.put("outcome", outcome);
            terminal.json(json);
        } else {
            terminal.out().println("%s; dropped versions: %s; %s serves".formatted(outcome, dropped, serving));
        }
        return ErrorTable.OK;
    }

    private static List<Integer> numbers(JsonNode adapter) {
        List<Integer> numbers = new ArrayList<>();
        adapter.path("versions")
                .forEach(version -> numbers.add(version.path("number").asInt()));
        return numbers;
    }
}
