package io.livegraft.gpu.cpu;

import io.livegraft.gpu.machinecode.ByteBlocks;
import io.livegraft.gpu.machinecode.ByteRowKernel;
import io.livegraft.gpu.machinecode.ByteTileKernel;
import io.livegraft.gpu.machinecode.Constants;
import io.livegraft.gpu.machinecode.Fetched;
import io.livegraft.gpu.machinecode.StripForm;
import io.livegraft.gpu.machinecode.TileScratch;
import java.lang.foreign.MemorySegment;

/**
 * A few rows in bytes, and their products with strips of 4 or 8 bits. Up to four rows are multiplied in registers, more on tiles where
 * the processor has them, with the same bits ({@link ByteRowKernel} has the formula).
 *
 * @param memory as {@link ByteBlocks} says
 * @param form of the strips that they are for
 */
record ByteRows(ByteKernels kernels, MemorySegment memory, int count, StripForm form) implements DecodeRows {
    private static final Constants CONSTANTS = Constants.withoutLevels();
    private static final ThreadLocal<TileScratch> SCRATCH = ThreadLocal.withInitial(TileScratch::allocate);

    /** Rows of one group, of {@code rows} that there are. */
    static int group(ByteKernels kernels, int rows) {
        return onTiles(kernels, rows) ? ByteTileKernel.MOST_ROWS : ByteRowKernel.MOST_ROWS;
    }

    private static boolean onTiles(ByteKernels kernels, int rows) {
        return kernels.tiles().isPresent() && rows > ByteRowKernel.MOST_ROWS;
    }

    /** Rounds rows {@code row} to {@code row + count} of x into a buffer. */
    static ByteRows pack(ByteKernels kernels, NativeBuffer buffer, CpuTensor x, int row, int count, StripForm form) {
        MemorySegment memory = buffer.atLeast(ByteBlocks.bytes(form, count, x.columns()));
        MemorySegment data = MemorySegment.ofArray(x.data());
        int blocks = x.columns() / form.blockInputs();
        for (int m = 0; m < count; m++) {
            kernels.round().get(form).run(data.asSlice(4L * x.row(row + m)), memory, count, m, blocks, CONSTANTS);
        }
        return new ByteRows(kernels, memory, count, form);
    }

    @Override
    public void kernel(
            MemorySegment y, long yStride, StripWeight w, int from, int strips, boolean add, Fetched fetched) {
        if (w.form() != form) {
            throw new IllegalArgumentException("rows for %s meet %s".formatted(form, w.form()));
        }
        MemorySegment weights = w.from(from);
        if (!add && onTiles(kernels, count)) {
            ByteKernels.Tiles tiles = kernels.tiles().orElseThrow();
            var tile = (fetched.lines() == 0 ? tiles.plain() : tiles.fetching())
                    .get(form)
                    .get(count);
            tile.run(weights, memory, y, yStride, w.blocks(), strips, w.constants(), SCRATCH.get(), fetched.other());
        } else {
            var table = add ? kernels.addingRows() : fetched.isNothing() ? kernels.rows() : kernels.fetchingRows();
            var registers = table.get(form).get(count);
            registers.run(weights, memory, y, yStride, w.blocks(), strips, w.constants(), fetched);
        }
    }

    @Override
    public Fetched fetched(long other, int lines, long ahead) {
        return onTiles(kernels, count)
                ? new Fetched(other, other == 0 ? 0 : count, 0)
                : new Fetched(other, lines, ahead);
    }
}
