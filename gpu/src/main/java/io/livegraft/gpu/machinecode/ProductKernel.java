package io.livegraft.gpu.machinecode;

import java.lang.foreign.MemorySegment;

/**
 * {@code c = a · b} or {@code c += a · b} in blocks of tiles, sums over K in one fixed order.
 *
 * <pre>{@code
 *   a (M,K) bfloat16, strips of 16 rows in tiles     b (K,N) bfloat16, strips of 16 columns in tiles     c (M,N) float32
 * }</pre>
 *
 * A row's bits depend on the row, b and K alone.
 */
public sealed interface ProductKernel permits BlockKernel, DotKernel, GemmKernel {
    /**
     * Runs the code.
     *
     * @param aStrip bytes between strips of a
     * @param bStrip bytes between strips of b
     * @param cStride bytes between rows of c
     * @param depth K / 32
     * @param blocks side by side, or below each other, as the kernel says
     */
    void run(
            MemorySegment a,
            long aStrip,
            MemorySegment b,
            long bStrip,
            MemorySegment c,
            long cStride,
            long depth,
            long blocks);
}
