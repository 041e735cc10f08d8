package io.livegraft.gateway.http;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.livegraft.actors.node.Inference.Admission;
import io.livegraft.gpu.generation.GenerationDelta;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.apache.pekko.NotUsed;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.javadsl.Source;

/** The events of a streamed answer: all choices in one stream, each event naming its choice. */
final class AnswerEvents {
    private AnswerEvents() {}

    /** A token of one of the choices. */
    private record Drawn(int choice, GenerationDelta delta) {}

    /** The choices' tokens as they come. */
    private static Source<Drawn, NotUsed> drawn(Admission.Admitted admitted) {
        int choices = admitted.choices().size();
        return Source.range(0, choices - 1)
                .flatMapMerge(choices, choice -> admitted.choices().get(choice).map(delta -> new Drawn(choice, delta)));
    }

    /** Chunks in OpenAI's format, in the order in which tokens come; {@code includeUsage} adds a last one with token counts. */
    static Source<ObjectNode, NotUsed> of(
            Admission.Admitted admitted, AnswerIdentity identity, AnswerFormat format, boolean includeUsage) {
        return chunks(admitted, identity, format, includeUsage)
                .prependLazy(Source.range(0, admitted.choices().size() - 1)
                        .mapConcat(choice -> format.opening(identity, choice)))
                .map(chunk -> includeUsage && !chunk.has("usage") ? chunk.putNull("usage") : chunk);
    }

    private static Source<ObjectNode, NotUsed> chunks(
            Admission.Admitted admitted, AnswerIdentity identity, AnswerFormat format, boolean includeUsage) {
        return drawn(admitted)
                .statefulMap(
                        () -> new ArrayList<>(
                                Collections.nCopies(admitted.choices().size(), Sent.NOTHING)),
                        (sent, drawn) -> {
                            Sent before = sent.get(drawn.choice());
                            sent.set(drawn.choice(), before.with(drawn.delta()));
                            return Pair.create(sent, format.chunks(identity, drawn.choice(), drawn.delta(), before));
                        },
                        sent -> includeUsage
                                ? Optional.of(List.of(format.usageChunk(
                                        identity,
                                        admitted.promptTokens(),
                                        sent.stream().mapToInt(Sent::tokens).sum())))
                                : Optional.empty())
                .mapConcat(chunk -> chunk);
    }
}
