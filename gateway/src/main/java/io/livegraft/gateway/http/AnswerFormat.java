package io.livegraft.gateway.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.livegraft.gpu.generation.FinishReason;
import io.livegraft.gpu.generation.GenerationDelta;
import java.util.List;
import java.util.Optional;

/** How OpenAI writes one kind of answer, whole or as a stream of events. */
sealed interface AnswerFormat permits CompletionFormat, ChatAnswerFormat {
    /** Begins the id of every answer. */
    String idPrefix();

    /** Name of the object of a stream's events. */
    String chunkObject();

    ObjectNode whole(AnswerIdentity identity, List<Answer> choices);

    /** Events before the first token of a choice. */
    List<ObjectNode> opening(AnswerIdentity identity, int choice);

    /** Events of one token of a choice behind what has been sent of it; none while its characters are held back. */
    List<ObjectNode> chunks(AnswerIdentity identity, int choice, GenerationDelta delta, Sent sent);

    /** The last event of a stream that asked for token counts. */
    default ObjectNode usageChunk(AnswerIdentity identity, int promptTokens, int completionTokens) {
        ObjectNode chunk = identity.object(chunkObject());
        chunk.putArray("choices");
        putUsage(chunk, promptTokens, completionTokens);
        return chunk;
    }

    static ObjectNode putUsage(ObjectNode answer, int promptTokens, int completionTokens) {
        answer.putObject("usage")
                .put("prompt_tokens", promptTokens)
                .put("completion_tokens", completionTokens)
                .put("total_tokens", promptTokens + completionTokens);
        return answer;
    }

    /** Adds a choice. */
    static ObjectNode addChoice(ArrayNode choices, int index, Optional<FinishReason> finish) {
        return choices.addObject()
                .put("index", index)
                .putNull("logprobs")
                .put("finish_reason", finish.map(Answer::wire).orElse(null));
    }
}
