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
            Logprobs.putCompletion(choice, answer.deltas(), 0);
        }
        return whole;
    }

    @Override
    public List<ObjectNode> opening(AnswerIdentity identity) {
        return List.of();
    }

    @Override
    public List<ObjectNode> chunks(AnswerIdentity identity, GenerationDelta delta, int offset) {
        if (delta.text().isEmpty() && delta.finish().isEmpty() && !logprobs) {
            return List.of();
        }
        ObjectNode chunk = identity.object(chunkObject());
        ObjectNode choice = AnswerFormat.putChoice(chunk, delta.finish()).put("text", delta.text());
        if (logprobs) {
            Logprobs.putCompletion(choice, List.of(delta), offset);
        }
        return List.of(chunk);
    }
}
