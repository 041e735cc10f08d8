package io.livegraft.gpu.training;

import io.livegraft.gpu.backend.SplitMix64;

/**
 * Seeds of dropout masks, by counting instead of drawing: which sequences share a slice, or a cycle, doesn't show in them.
 *
 * <pre>{@code
 *   seed(training, step, index) = output(output(training, step), index)      output: SplitMix64
 * }</pre>
 */
final class DropoutSeed {
    private DropoutSeed() {}

    /** @param index of a sequence in its step */
    static long of(long training, long step, int index) {
        return SplitMix64.output(SplitMix64.output(training, step), index);
    }
}
