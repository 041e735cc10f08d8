package io.livegraft.simulation.swap;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** Puts an answer together, from its body or from the events of its stream. */
final class AnswerReader {
    private final String label;
    private final SortedMap<Integer, ChoiceReader> choices = new TreeMap<>();
    private String fingerprint = "";
    private boolean ofOneVersion = true;

    /** {@code label} is the version that the header names. */
    AnswerReader(String label) {
        this.label = label;
    }

    /** What came of one choice so far. */
    private static final class ChoiceReader {
        private final StringBuilder text = new StringBuilder();
        private final List<Float> logprobs = new ArrayList<>();
        private String finish = "";

        void take(JsonNode choice) {
            text.append(choice.path("text").asText())
                    .append(choice.path("message").path("content").asText())
                    .append(choice.path("delta").path("content").asText());
            JsonNode listed = choice.path("logprobs");
            listed.path("token_logprobs").forEach(value -> logprobs.add((float) value.asDouble()));
            listed.path("content")
                    .forEach(token -> logprobs.add((float) token.path("logprob").asDouble()));
            if (choice.path("finish_reason").isTextual()) {
                finish = choice.path("finish_reason").asText();
            }
        }

        Answer.Choice choice() {
            return new Answer.Choice(text.toString(), finish, logprobs);
        }
    }

    /** Takes a body or an event. */
    void take(JsonNode part) {
        String named = part.path("system_fingerprint").asText();
        if (fingerprint.isEmpty()) {
            fingerprint = named;
        }
        ofOneVersion &= part.path("model").asText().equals(label) && !named.isEmpty() && named.equals(fingerprint);
        part.path("choices").forEach(this::takeChoice);
    }

    private void takeChoice(JsonNode choice) {
        choices.computeIfAbsent(choice.path("index").asInt(-1), index -> new ChoiceReader())
                .take(choice);
    }

    boolean hasToken() {
        return choices.values().stream().anyMatch(choice -> !choice.logprobs.isEmpty());
    }

    boolean finished() {
        return !choices.isEmpty() && choices.values().stream().noneMatch(choice -> choice.finish.isEmpty());
    }

    Said said() {
        return new Said(
                label,
                fingerprint,
                ofOneVersion,
                new Answer(choices.values().stream().map(ChoiceReader::choice).toList()));
    }
}
