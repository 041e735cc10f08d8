package io.livegraft.gpu.transformer;

import io.livegraft.gpu.backend.Draw;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Rows of one sequence to feed, and who reads the logits that they lead to. */
public record Feed(Segment segment, Reader reader) {
    /** What is read of a segment's logits. */
    public sealed interface Reader {}

    /** Nothing: more of what is known already comes behind. */
    public enum Nothing implements Reader {
        INSTANCE
    }

    /** Of the last row the token with the largest logit: no others leave the backend. */
    public record Likeliest(Consumer<DrawnToken> taker) implements Reader {}

    /**
     * Of the last row a token that the backend draws: no logits leave it.
     *
     * @param draw asked once, just before
     */
    public record Drawn(Supplier<Draw> draw, Consumer<DrawnToken> taker) implements Reader {}

    /** The last row's. */
    public record Last(Consumer<NextToken> taker) implements Reader {}

    /** Every row's, in order. */
    public record Every(Consumer<NextToken> taker) implements Reader {}

    /** Rows that are read, the segment's last. */
    int read() {
        return switch (reader) {
            case Nothing _ -> 0;
            case Likeliest _, Drawn _, Last _ -> 1;
            case Every _ -> segment.ids().length;
        };
    }

    /** Whether this is one token behind a cache, so that its row can stand among others'. */
    boolean isStep() {
        return segment.isStep() && read() == 1;
    }
}
