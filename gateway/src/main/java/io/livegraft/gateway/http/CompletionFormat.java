package io.livegraft.gateway.http;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.livegraft.gpu.generation.GenerationDelta;
import java.util.List;

/**
 * {@code /v1/completions}.
 *
 * @param logprobs whether the drawn tokens' log-probabilities are listed
 */
record CompletionFormat(boolean logprobs) implements AnswerFormat {
    @Override
    public String idPrefix() {
        return "cmpl-";
    }

    @Override
    public String chunkObject() {
        return "text_completion";
    }

    @Override
    public ObjectNode whole(AnswerIdentity identity, Answer answer) {
        ObjectNode whole = identity.object(chunkObject());
        ObjectNode choice = AnswerFormat.putChoice(whole, answer.finish()).put("text", answer.text());
        if (logprobs) {
            putLogprobs(choice, answer.deltas());
        }
        return whole;
    }

    @Override
    public List<ObjectNode> opening(AnswerIdentity identity) {
        return List.of();
    }

    @Override
    public List<ObjectNode> chunks(AnswerIdentity identity, GenerationDelta delta) {
        if (delta.text().isEmpty() && delta.finish().isEmpty() && !logprobs) {
            return List.of();
        }
        ObjectNode chunk = identity.object(chunkObject());
        ObjectNode choice = AnswerFormat.putChoice(chunk, delta.finish()).put("text", delta.text());
        if (logprobs) {
            putLogprobs(choice, List.of(delta));
        }
        return List.of(chunk);
    }

    /** The text of a token is what became certain with it, so that the tokens together are the answer. */
    private static void putLogprobs(ObjectNode choice, List<GenerationDelta> deltas) {
        ObjectNode logprobs = choice.putObject("logprobs");
        var tokens = logprobs.putArray("tokens");
        var values = logprobs.putArray("token_logprobs");
        logprobs.putNull("top_logprobs");
        var offsets = logprobs.putArray("text_offset");
        int offset = 0;
        for (GenerationDelta delta : deltas) {
            tokens.add(delta.text());
            values.add(delta.logprob());
            offsets.add(offset);
            offset += delta.text().length();
        }
    }
}
