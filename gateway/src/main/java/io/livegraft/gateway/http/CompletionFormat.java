package io.livegraft.gateway.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.livegraft.gpu.generation.GenerationDelta;
import java.util.List;
import java.util.Optional;

/**
 * {@code /v1/completions}.
 *
 * @param logprobs whether the drawn tokens' log-probabilities are listed, and those of the prompt where it was scored
 * @param echo the prompt, where the text of each choice begins with it
 */
record CompletionFormat(boolean logprobs, Optional<String> echo) implements AnswerFormat {
    @Override
    public String idPrefix() {
        return "cmpl-";
    }

    @Override
    public String chunkObject() {
        return "text_completion";
    }

    @Override
    public ObjectNode whole(AnswerIdentity identity, List<Answer> choices) {
        ObjectNode whole = identity.object(chunkObject());
        ArrayNode all = whole.putArray("choices");
        for (Answer answer : choices) {
            ObjectNode choice = AnswerFormat.addChoice(all, all.size(), answer.finish());
            put(choice, echo.orElse("") + answer.text(), answer.deltas(), 0);
        }
        return whole;
    }

    @Override
    public List<ObjectNode> opening(AnswerIdentity identity, int choice) {
        return List.of();
    }

    @Override
    public List<ObjectNode> chunks(AnswerIdentity identity, int choice, GenerationDelta delta, Sent sent) {
        String text = (sent.deltas() == 0 ? echo.orElse("") : "") + delta.text();
        if (text.isEmpty() && delta.finish().isEmpty() && !logprobs) {
            return List.of();
        }
        ObjectNode chunk = identity.object(chunkObject());
        put(
                AnswerFormat.addChoice(chunk.putArray("choices"), choice, delta.finish()),
                text,
                List.of(delta),
                sent.characters());
        return List.of(chunk);
    }

    private void put(ObjectNode choice, String text, List<GenerationDelta> deltas, int offset) {
        choice.put("text", text);
        if (logprobs) {
            Logprobs.putCompletion(choice, deltas, offset);
        }
    }
}
