package io.livegraft.actors.node;

import io.livegraft.gpu.generation.GenerationDelta;
import java.util.Optional;
import org.apache.pekko.NotUsed;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.javadsl.Source;

/** The space between a prompt and its answer where it belongs to the chat format and not to the answer. */
final class LeadingSpace {
    private LeadingSpace() {}

    /** The same deltas; the first one with text loses a space at its beginning. */
    static Source<GenerationDelta, NotUsed> removed(Source<GenerationDelta, NotUsed> deltas) {
        return deltas.statefulMap(
                () -> true,
                (atStart, delta) ->
                        atStart ? Pair.create(delta.text().isEmpty(), without(delta)) : Pair.create(false, delta),
                atStart -> Optional.empty());
    }

    private static GenerationDelta without(GenerationDelta delta) {
        return delta.text().startsWith(" ") ? delta.withText(delta.text().substring(1)) : delta;
    }
}
