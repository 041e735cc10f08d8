package io.livegraft.gpu.cpu;

import io.livegraft.gpu.machinecode.GemmKernel;
import io.livegraft.gpu.machinecode.ProductKernel;
import java.lang.foreign.MemorySegment;

/** Runs {@link GemmKernel} over the rows of 32 columns: whole blocks in place, what is left by way of a block of its own. */
final class TileStore {
    private static final int SIDE = GemmKernel.SIDE;

    private final ProductKernels kernels;
    private final ThreadLocal<float[]> edges = ThreadLocal.withInitial(() -> new float[SIDE * SIDE]);

    TileStore(ProductKernels kernels) {
        this.kernels = kernels;
    }

    /** Columns {@code column} to {@code column + 32}, or to the last, of {@code c = a · b} or {@code c += a · b} over {@code steps} tiles; columns of c lie side by side. */
    void product(Matrix c, int column, Tiled a, Tiled b, int steps, boolean add) {
        ProductKernel kernel = add ? kernels.addingGemm() : kernels.gemm();
        int width = Math.min(SIDE, c.columns() - column);
        int whole = width == SIDE ? c.rows() / SIDE : 0;
        int from = c.offset() + column;
        if (whole > 0) {
            MemorySegment out = MemorySegment.ofArray(c.data()).asSlice(4L * from);
            kernel.run(a.memory(), a.stripBytes(), b.memory(), b.stripBytes(), out, 4L * c.rowStride(), steps, whole);
        }
        for (int row = whole * SIDE; row < c.rows(); row += SIDE) {
            int count = Math.min(SIDE, c.rows() - row);
            float[] block = edges.get();
            for (int m = 0; m < count && add; m++) {
                System.arraycopy(c.data(), from + (row + m) * c.rowStride(), block, m * SIDE, width);
            }
            Tiled rows = a.from(row / Tiled.STRIP, 0);
            MemorySegment out = MemorySegment.ofArray(block);
            kernel.run(rows.memory(), a.stripBytes(), b.memory(), b.stripBytes(), out, 4L * SIDE, steps, 1);
            for (int m = 0; m < count; m++) {
                System.arraycopy(block, m * SIDE, c.data(), from + (row + m) * c.rowStride(), width);
            }
        }
    }
}
