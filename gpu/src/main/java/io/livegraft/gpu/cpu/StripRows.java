package io.livegraft.gpu.cpu;

import io.livegraft.gpu.machinecode.Fetched;
import io.livegraft.gpu.machinecode.RowKernel;
import io.livegraft.gpu.machinecode.StripForm;
import io.livegraft.gpu.machinecode.TileKernel;
import io.livegraft.gpu.machinecode.TileScratch;
import java.lang.foreign.MemorySegment;

/**
 * A few rows as kernels read them, and their products with strips. One row is multiplied in registers, more on tiles where the
 * processor has them, with the same bits ({@link RowKernel} has the formula).
 *
 * @param memory bfloat16 for tiles, tile by tile of 32 columns, or of as many as there are if fewer; else float32, a column's rows
 *     side by side
 */
record StripRows(StripKernels kernels, MemorySegment memory, int count, int columns, boolean onTiles)
        implements DecodeRows {
    private static final ThreadLocal<TileScratch> SCRATCH = ThreadLocal.withInitial(TileScratch::allocate);

    /** Rows of one group, of {@code rows} that there are. */
    static int group(StripKernels kernels, int rows) {
        return kernels.tiles().isPresent() && rows > 1 ? TileKernel.MOST_ROWS : RowKernel.MOST_ROWS;
    }

    /**
     * Rounds {@code scale · x} for rows {@code row} to {@code row + count} into a buffer.
     *
     * @param columns of the strips; those that x lacks are zeros
     */
    static StripRows pack(
            StripKernels kernels, NativeBuffer buffer, CpuTensor x, int row, int count, int columns, float scale) {
        boolean tiles = kernels.tiles().isPresent() && count > 1;
        MemorySegment memory = buffer.atLeast((long) count * columns * (tiles ? Short.BYTES : Float.BYTES));
        if (x.columns() < columns) {
            memory.fill((byte) 0);
        }
        for (int m = 0; m < count; m++) {
            int from = x.row(row + m);
            if (tiles) {
                Rounding.tiles(
                        memory, m, count, Math.min(columns, StripForm.TILE_INPUTS), x.data(), from, x.columns(), scale);
            } else {
                Rounding.floats(memory, m, count, x.data(), from, x.columns(), scale);
            }
        }
        return new StripRows(kernels, memory, count, columns, tiles);
    }

    @Override
    public void kernel(
            MemorySegment y, long yStride, StripWeight w, int from, int strips, boolean add, Fetched fetched) {
        if (onTiles) {
            StripKernels.Tiles tiles = kernels.tiles().orElseThrow();
            var table = (add ? tiles.addingDecode() : tiles.decode()).get(w.form());
            table.get(count).run(w.from(from), memory, y, yStride, w.blocks(), strips, w.constants(), SCRATCH.get());
        } else {
            WideKernels wide = kernels.wide().orElseThrow();
            var table = (add ? wide.addingRows() : wide.rows()).get(w.form());
            table.get(count).run(w.from(from), memory, y, yStride, w.blocks(), strips, w.constants());
        }
    }

    @Override
    public Fetched fetched(long other, int lines, long ahead) {
        return Fetched.NOTHING;
    }
}
