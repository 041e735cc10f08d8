package io.livegraft.gateway.http;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.livegraft.gpu.generation.FinishReason;
import io.livegraft.gpu.generation.GenerationDelta;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * {@code /v1/chat/completions}.
 *
 * @param logprobs whether the drawn tokens' log-probabilities are listed
 */
record ChatAnswerFormat(boolean logprobs) implements AnswerFormat {
    @Override
    public String idPrefix() {
        return "chatcmpl-";
    }

    @Override
    public String chunkObject() {
        return "chat.completion.chunk";
    }

    @Override
    public ObjectNode whole(AnswerIdentity identity, Answer answer) {
        ObjectNode whole = identity.object("chat.completion");
        ObjectNode choice = AnswerFormat.putChoice(whole, answer.finish());
        if (logprobs) {
            Logprobs.putChat(choice, answer.deltas());
        }
        choice.putObject("message")
                .put("role", "assistant")
                .put("content", answer.text())
                .putNull("refusal");
        return whole;
    }

    @Override
    public List<ObjectNode> opening(AnswerIdentity identity) {
        ObjectNode chunk = identity.object(chunkObject());
        AnswerFormat.putChoice(chunk, Optional.empty())
                .putObject("delta")
                .put("role", "assistant")
                .put("content", "");
        return List.of(chunk);
    }

    @Override
    public List<ObjectNode> chunks(AnswerIdentity identity, GenerationDelta delta, int offset) {
        var chunks = new ArrayList<ObjectNode>();
        if (logprobs || !delta.text().isEmpty()) {
            ObjectNode chunk = identity.object(chunkObject());
            ObjectNode choice = AnswerFormat.putChoice(chunk, Optional.empty());
            if (logprobs) {
                Logprobs.putChat(choice, List.of(delta));
            }
            choice.putObject("delta").put("content", delta.text());
            chunks.add(chunk);
        }
        delta.finish().ifPresent(reason -> chunks.add(last(identity, reason)));
        return chunks;
    }

    private ObjectNode last(AnswerIdentity identity, FinishReason reason) {
        ObjectNode chunk = identity.object(chunkObject());
        AnswerFormat.putChoice(chunk, Optional.of(reason)).putObject("delta");
        return chunk;
    }
}
