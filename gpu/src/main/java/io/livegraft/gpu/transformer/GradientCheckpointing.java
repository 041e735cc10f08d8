package io.livegraft.gpu.transformer;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.util.Locale;
import java.util.Optional;

/**
 * What a training pass keeps of its forward half; the rest is computed again on the way back (Chen et al., arXiv
 * 1604.06174, section 3). Whatever is computed again has the same bits, so the choice never shows in a result. Floats kept
 * per block and token, C = hidden size, F = width of the feed-forward half, H, G, D = query heads, key-value heads and head
 * dimension:
 *
 * <pre>{@code
 *   NONE     4·C + 2·H·D + 2·G·D + 3·F + 2        PARTIAL   3·C + 2·H·D + 2·G·D + 1        FULL   C
 * }</pre>
 *
 * With FULL a backend may keep these C floats out of its device's memory ({@code Offloadable.CHECKPOINTS}).
 * A norm of query and key heads adds {@code (H + G)·(D + 1)} to the first two.
 */
public enum GradientCheckpointing {
    /** Keeps all activations: the fastest. */
    NONE,
    /** Keeps the attention half; the feed-forward half, the wider one, is computed again but for its last product. */
    PARTIAL,
    /** Keeps the input of every block only. */
    FULL;

    /**
     * As settings spell it; empty for {@code auto}, which leaves the choice to a plan of the device's memory.
     *
     * @throws LivegraftException {@link ErrorCode#INVALID_CONFIGURATION} for any other word
     */
    public static Optional<GradientCheckpointing> named(String word) {
        if (word.equals("auto")) {
            return Optional.empty();
        }
        for (GradientCheckpointing one : values()) {
            if (one.toString().equals(word.toLowerCase(Locale.ROOT))) {
                return Optional.of(one);
            }
        }
        throw new LivegraftException(
                ErrorCode.INVALID_CONFIGURATION,
                "gradient checkpointing is '%s', expected auto, none, partial or full".formatted(word));
    }

    /** E.g. {@code partial}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
