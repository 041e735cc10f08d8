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

    ObjectNode whole(AnswerIdentity identity, Answer answer);

    /** Events before the first token. */
    List<ObjectNode> opening(AnswerIdentity identity);

    /** Events of one token behind {@code offset} characters; none while its own are held back. */
    List<ObjectNode> chunks(AnswerIdentity identity, GenerationDelta delta, int offset);

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

    /** Adds the only choice there is. */
    static ObjectNode putChoice(ObjectNode answer, Optional<FinishReason> finish) {
        ArrayNode choices = answer.putArray("choices");
        return choices.addObject()
                .put("index", 0)
                .putNull("logprobs")
                .put("finish_reason", finish.map(Answer::wire).orElse(null));
    }
}
