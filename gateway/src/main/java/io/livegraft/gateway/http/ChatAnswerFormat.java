package io.livegraft.gateway.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
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
    public ObjectNode whole(AnswerIdentity identity, List<Answer> choices) {
        ObjectNode whole = identity.object("chat.completion");
        ArrayNode all = whole.putArray("choices");
        for (Answer answer : choices) {
            ObjectNode choice = AnswerFormat.addChoice(all, all.size(), answer.finish());
            if (logprobs) {
                Logprobs.putChat(choice, answer.deltas());
            }
            choice.putObject("message")
                    .put("role", "assistant")
                    .put("content", answer.text())
                    .putNull("refusal");
        }
        return whole;
    }

    @Override
    public List<ObjectNode> opening(AnswerIdentity identity, int choice) {
        ObjectNode chunk = identity.object(chunkObject());
        addChoice(chunk, choice, Optional.empty())
                .putObject("delta")
                .put("role", "assistant")
                .put("content", "");
        return List.of(chunk);
    }

    @Override
    public List<ObjectNode> chunks(AnswerIdentity identity, int choice, GenerationDelta delta, Sent sent) {
        var chunks = new ArrayList<ObjectNode>();
        if (logprobs || !delta.text().isEmpty()) {
            ObjectNode chunk = identity.object(chunkObject());
            ObjectNode only = addChoice(chunk, choice, Optional.empty());
            if (logprobs) {
                Logprobs.putChat(only, List.of(delta));
            }
            only.putObject("delta").put("content", delta.text());
            chunks.add(chunk);
        }
        delta.finish().ifPresent(reason -> chunks.add(last(identity, choice, reason)));
        return chunks;
    }

    private ObjectNode last(AnswerIdentity identity, int choice, FinishReason reason) {
        ObjectNode chunk = identity.object(chunkObject());
        addChoice(chunk, choice, Optional.of(reason)).putObject("delta");
        return chunk;
    }

    private static ObjectNode addChoice(ObjectNode chunk, int index, Optional<FinishReason> finish) {
        return AnswerFormat.addChoice(chunk.putArray("choices"), index, finish);
    }
}
