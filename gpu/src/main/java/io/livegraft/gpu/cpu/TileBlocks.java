package io.livegraft.gpu.cpu;

import io.livegraft.gpu.machinecode.Constants;
import io.livegraft.gpu.machinecode.OperandKernel;
import io.livegraft.gpu.machinecode.OperandKernel.Side;
import io.livegraft.gpu.machinecode.ProductKernel;
import io.livegraft.gpu.machinecode.StripForm;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Lays float32 matrices into tiles and multiplies them: what {@link TiledAttention} and {@link LowRankProducts} are made of. Every
 * thread has its own.
 */
final class TileBlocks {
    /** Rows, and columns of a block. */
    static final int SIDE = OperandKernel.SIDE;

    private static final Constants ORDERS = Constants.withoutLevels();
    private static final long LINE = 64;

    /** A matrix as a left operand, by its rows, and as a right one. */
    record Both(Tiled left, Tiled right) {}

    private final ProductKernels kernels;
    private final float[] edge = new float[SIDE * SIDE];
    private float[] lastRows = new float[0];

    TileBlocks(ProductKernels kernels) {
        this.kernels = kernels;
    }

    /** {@code bf16(scale · x)}, summed over x's columns; what is missing to whole tiles are zeros. */
    Tiled left(NativeBuffer room, Matrix x, float scale) {
        Tiled left = Tiled.in(room, Tiled.strips(x.rows()), Tiled.steps(x.columns()));
        lay(kernels.blocks().left(), x, scale, left, left);
        return left;
    }

    /** As above, into tiles that are there. */
    void left(Tiled to, Matrix x, float scale) {
        lay(kernels.blocks().left(), x, scale, to, to);
    }

    /** {@code bf16(scale · x)}, summed over x's rows. */
    Tiled right(NativeBuffer room, Matrix x, float scale) {
        Tiled right = Tiled.in(room, Tiled.strips(x.columns()), Tiled.steps(x.rows()));
        lay(kernels.blocks().right(), x, scale, right, right);
        return right;
    }

    /** As {@link #left} and {@link #right}. */
    Both both(NativeBuffer leftRoom, NativeBuffer rightRoom, Matrix x, float scale) {
        Tiled left = Tiled.in(leftRoom, Tiled.strips(x.rows()), Tiled.steps(x.columns()));
        Tiled right = Tiled.in(rightRoom, Tiled.strips(x.columns()), Tiled.steps(x.rows()));
        lay(kernels.blocks().both(), x, scale, left, right);
        return new Both(left, right);
    }

    /** As above, into tiles that are there. */
    void both(Tiled left, Tiled right, Matrix x, float scale) {
        lay(kernels.blocks().both(), x, scale, left, right);
    }

    /** The transpose of {@code strips} strips, from a left operand to a right one or back. */
    Tiled turned(NativeBuffer room, Tiled operand, int strips, int steps) {
        Tiled turned = Tiled.in(room, strips, steps);
        long tile = StripForm.TILE_BYTES;
        for (int strip = 0; strip < strips; strip++) {
            MemorySegment from = operand.from(strip, 0).memory();
            kernels.turn().run(from, LINE, tile, turned.from(strip, 0).memory(), LINE, tile, steps);
        }
        return turned;
    }

    private void lay(OperandKernel kernel, Matrix x, float scale, Tiled left, Tiled right) {
        int whole = x.rows() / SIDE * SIDE;
        for (int row = 0; row < whole; row += SIDE) {
            lay(
                    kernel,
                    x.data(),
                    x.offset() + row * x.rowStride(),
                    x.rowStride(),
                    x.columns(),
                    scale,
                    row,
                    left,
                    right);
        }
        if (whole < x.rows()) {
            float[] last = padded(x, whole);
            lay(kernel, last, 0, x.columns(), x.columns(), scale, whole, left, right);
        }
    }

    /** Rows {@code row} to {@code row + 32} of the operands. */
    private static void lay(
            OperandKernel kernel,
            float[] data,
            int offset,
            int stride,
            int columns,
            float scale,
            int row,
            Tiled left,
            Tiled right) {
        MemorySegment rows = MemorySegment.ofArray(data).asSlice(4L * offset);
        Tiled strips = kernel.side() == Side.RIGHT ? left : left.from(row / Tiled.STRIP, 0);
        Tiled steps = kernel.side() == Side.LEFT ? right : right.from(0, row / Tiled.STEP);
        int blocks = columns / SIDE;
        if (blocks > 0) {
            lay(kernel, rows, stride, strips, steps, blocks, SIDE, scale);
        }
        if (blocks * SIDE < columns) {
            lay(
                    kernel,
                    rows.asSlice(4L * blocks * SIDE),
                    stride,
                    kernel.side() == Side.RIGHT ? left : strips.from(0, blocks),
                    kernel.side() == Side.LEFT ? right : steps.from(2 * blocks, 0),
                    1,
                    columns - blocks * SIDE,
                    scale);
        }
    }

    private static void lay(
            OperandKernel kernel,
            MemorySegment rows,
            int stride,
            Tiled left,
            Tiled right,
            int blocks,
            int columns,
            float scale) {
        kernel.run(
                rows,
                4L * stride,
                left.memory(),
                left.stripBytes(),
                right.memory(),
                right.stripBytes(),
                blocks,
                columns,
                ORDERS,
                scale);
    }

    /** The rows from {@code from} on, and zeros up to 32 of them. */
    private float[] padded(Matrix x, int from) {
        int size = SIDE * x.columns();
        if (lastRows.length < size) {
            lastRows = new float[size];
        }
        int used = (x.rows() - from) * x.columns();
        for (int row = from; row < x.rows(); row++) {
            System.arraycopy(
                    x.data(), x.offset() + row * x.rowStride(), lastRows, (row - from) * x.columns(), x.columns());
        }
        Arrays.fill(lastRows, used, size, 0f);
        return lastRows;
    }

    /** {@code c = a · b}, or added to c, over {@code steps} tiles; the columns of c lie side by side. */
    void product(Matrix c, Tiled a, Tiled b, int steps, boolean add) {
        product(kernels.blocks().whole(), c, a, b, steps, add);
    }

    /** {@code c = a · wᵀ}, or added to c, of strips of bfloat16; half tiles only in registers. */
    void product(Matrix c, Tiled a, StripWeight w, boolean add) {
        BlockTable table = w.form().wholeTiles()
                ? kernels.blocks().whole()
                : kernels.blocks().half().orElseThrow();
        product(table, c, a, new Tiled(w.strips(), w.stripBytes()), w.blocks(), add);
    }

    private void product(BlockTable table, Matrix c, Tiled a, Tiled b, int steps, boolean add) {
        for (int row = 0; row < c.rows(); row += SIDE) {
            int count = Math.min(SIDE, c.rows() - row);
            Tiled left = a.from(row / Tiled.STRIP, 0);
            int column = 0;
            if (count % Tiled.STRIP == 0) {
                int strips = c.columns() / Tiled.STRIP;
                blocks(table, c, row, column, count, 2, strips / 2, left, b, steps, add);
                column = strips / 2 * SIDE;
                blocks(table, c, row, column, count, 1, strips % 2, left, b, steps, add);
                column += strips % 2 * Tiled.STRIP;
            }
            for (; column < c.columns(); column += SIDE) {
                edge(table, c, row, column, count, left, b, steps, add);
            }
        }
    }

    private static void blocks(
            BlockTable table,
            Matrix c,
            int row,
            int column,
            int rows,
            int width,
            int blocks,
            Tiled a,
            Tiled b,
            int steps,
            boolean add) {
        if (blocks > 0) {
            ProductKernel kernel = table.get(rows / Tiled.STRIP, width, add);
            run(kernel, c.data(), at(c, row, column), c.rowStride(), a, b.from(column / Tiled.STRIP, 0), steps, blocks);
        }
    }

    private static void run(
            ProductKernel kernel, float[] c, int at, int stride, Tiled a, Tiled b, int steps, int blocks) {
        MemorySegment sums = MemorySegment.ofArray(c).asSlice(4L * at);
        kernel.run(a.memory(), a.stripBytes(), b.memory(), b.stripBytes(), sums, 4L * stride, steps, blocks);
    }

    private static int at(Matrix c, int row, int column) {
        return c.offset() + row * c.rowStride() + column;
    }

    /** Up to 32 rows and columns, by way of a block of their own. */
    private void edge(
            BlockTable table, Matrix c, int row, int column, int rows, Tiled a, Tiled b, int steps, boolean add) {
        int width = Math.min(SIDE, c.columns() - column);
        for (int m = 0; m < rows && add; m++) {
            System.arraycopy(c.data(), at(c, row + m, column), edge, m * SIDE, width);
        }
        ProductKernel kernel = table.get(2, Tiled.strips(width), add);
        run(kernel, edge, 0, SIDE, a, b.from(column / Tiled.STRIP, 0), steps, 1);
        for (int m = 0; m < rows; m++) {
            System.arraycopy(edge, m * SIDE, c.data(), at(c, row + m, column), width);
        }
    }
}
