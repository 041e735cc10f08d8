package io.livegraft.gateway.http;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.livegraft.gpu.generation.FinishReason;
import io.livegraft.gpu.generation.GenerationDelta;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.pekko.NotUsed;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.javadsl.Source;

/** {@code /v1/chat/completions}. */
record ChatAnswerFormat() implements AnswerFormat {
    @Override
    public String idPrefix() {
        return "chatcmpl-";
    }

    @Override
    public String chunkObject() {
        return "chat.completion.chunk";
    }

    /** An answer follows its prompt after a space (ChatFormat), which belongs to the format and not to the message. */
    @Override
    public Source<GenerationDelta, NotUsed> prepare(Source<GenerationDelta, NotUsed> deltas) {
        return deltas.statefulMap(
                () -> true,
                (atStart, delta) -> atStart
                        ? Pair.create(delta.text().isEmpty(), withoutLeadingSpace(delta))
                        : Pair.create(false, delta),
                atStart -> Optional.empty());
    }

    @Override
    public ObjectNode whole(AnswerIdentity identity, Answer answer) {
        ObjectNode whole = identity.object("chat.completion");
        AnswerFormat.putChoice(whole, answer.finish())
                .putObject("message")
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
    public List<ObjectNode> chunks(AnswerIdentity identity, GenerationDelta delta) {
        var chunks = new ArrayList<ObjectNode>();
        if (!delta.text().isEmpty()) {
            ObjectNode chunk = identity.object(chunkObject());
            AnswerFormat.putChoice(chunk, Optional.empty()).putObject("delta").put("content", delta.text());
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

    private static GenerationDelta withoutLeadingSpace(GenerationDelta delta) {
        return delta.text().startsWith(" ")
                ? new GenerationDelta(
                        delta.token(), delta.logprob(), delta.text().substring(1), delta.finish())
                : delta;
    }
}
