package io.livegraft.gpu.cpu;

import java.lang.foreign.MemorySegment;

/**
 * The right-hand side (K, J) of a {@link Bf16Product}: a weight (out, in), decoded a few columns at a time.
 *
 * @param transposed wᵀ (in, out), of {@code y = x · wᵀ}; else w (out, in), of {@code dx = dy · w}. A panel lies in memory as the
 *     weight does: (columns, depth) when transposed, else (depth, columns)
 */
record Bf16Panels(CpuLinearWeight weight, boolean transposed) {
    int depth() {
        return transposed ? weight.inputFeatures() : weight.outputFeatures();
    }

    int columns() {
        return transposed ? weight.outputFeatures() : weight.inputFeatures();
    }

    /** Columns {@code column} to {@code column + width}, packed. */
    void fill(MemorySegment panel, int column, int width) {
        if (transposed) {
            weight.decodeBf16(panel, column, width, 0, weight.inputFeatures());
        } else {
            weight.decodeBf16(panel, 0, weight.outputFeatures(), column, width);
        }
    }
}
