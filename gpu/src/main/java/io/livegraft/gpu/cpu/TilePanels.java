package io.livegraft.gpu.cpu;

import io.livegraft.gpu.machinecode.Constants;
import io.livegraft.gpu.machinecode.GemmKernel;
import io.livegraft.gpu.machinecode.PanelKernel;
import io.livegraft.gpu.machinecode.StripForm;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Decodes 32 columns of a weight's product into tiles, the second operand of {@link GemmKernel}: two strips of 16 columns, each
 * {@code stripBytes(depth)} long. Every thread has its own.
 */
final class TilePanels {
    private static final int SIDE = GemmKernel.SIDE;
    private static final int HALF = SIDE / 2;
    private static final Constants ORDERS = Constants.withoutLevels();

    private final ProductKernels kernels;
    private final NativeBuffer panel = new NativeBuffer();
    private final NativeBuffer rows = new NativeBuffer();

    TilePanels(ProductKernels kernels) {
        this.kernels = kernels;
    }

    /** Of a strip of tiles with {@code depth} rows, a multiple of 32. */
    static long stripBytes(int depth) {
        return (long) depth * HALF * Short.BYTES;
    }

    /** The next multiple of 32. */
    static int padded(int size) {
        return Math.ceilDiv(size, SIDE) * SIDE;
    }

    /** Rows {@code from} to {@code from + depth} of wᵀ (in, out), columns from {@code output} on; what lies beyond the last output is of no meaning. */
    Tiled forward(CpuLinearWeight weight, int output, int from, int depth) {
        return forward(weight, output, from, depth, List.of());
    }

    /** As above, and below them rows of strips whose columns are the panel's. */
    Tiled forward(CpuLinearWeight weight, int output, int from, int depth, List<Tiled> below) {
        if (weight instanceof StripWeight strips && strips.form().bfloat16() && below.isEmpty()) {
            return bfloat16(strips, output, from);
        }
        Tiled tiles = room(depth, below);
        forward(weight, output, from, depth, tiles);
        append(below, tiles, stripBytes(depth));
        return tiles;
    }

    private static Tiled bfloat16(StripWeight weight, int output, int from) {
        long at = (long) (from / weight.form().blockInputs()) * weight.form().blockBytes();
        return new Tiled(weight.from(output / StripForm.OUTPUTS).asSlice(at), weight.stripBytes());
    }

    private Tiled room(int depth, List<Tiled> below) {
        long strip =
                stripBytes(depth) + below.stream().mapToLong(Tiled::stripBytes).sum();
        return new Tiled(panel.atLeast(2 * strip), strip);
    }

    private static void append(List<Tiled> below, Tiled tiles, long from) {
        long to = from;
        for (Tiled some : below) {
            copy(some, some.stripBytes(), tiles, to);
            to += some.stripBytes();
        }
    }

    /** The beginnings of two strips. */
    private static void copy(Tiled from, long bytes, Tiled to, long at) {
        for (int half = 0; half < 2; half++) {
            MemorySegment.copy(
                    from.memory(), half * from.stripBytes(), to.memory(), half * to.stripBytes() + at, bytes);
        }
    }

    private void forward(CpuLinearWeight weight, int output, int from, int depth, Tiled tiles) {
        if (weight instanceof StripWeight strips) {
            forward(strips, output, from, depth, tiles);
            return;
        }
        int count = Math.min(SIDE, weight.outputFeatures() - output);
        MemorySegment decoded = rows.atLeast(2L * SIDE * depth);
        weight.decodeBf16(decoded, output, count, from, depth);
        for (int half = 0; half < 2; half++) {
            turn(
                    decoded.asSlice(2L * half * HALF * depth),
                    depth,
                    tiles.from(half, 0).memory());
        }
    }

    private void forward(StripWeight weight, int output, int from, int depth, Tiled tiles) {
        StripForm form = weight.form();
        if (form.bfloat16()) {
            copy(bfloat16(weight, output, from), stripBytes(depth), tiles, 0);
            return;
        }
        int first = output / StripForm.OUTPUTS;
        long at = (long) (from / form.blockInputs()) * form.blockBytes();
        PanelKernel kernel = kernels.panels().get(form);
        int blocks = depth / form.blockInputs();
        for (int half = 0; half < Math.min(2, weight.stripCount() - first); half++) {
            int strip = first + half;
            MemorySegment to = tiles.from(half, 0).memory();
            kernel.run(weight.from(strip).asSlice(at), weight.scales(strip, from), to, blocks, weight.constants());
        }
    }

    /** Rows {@code from} to {@code from + depth} of w (out, in), columns from {@code input} on; beyond the last output there are zeros. */
    Tiled backward(CpuLinearWeight weight, int input, int from, int depth) {
        return backward(weight, input, from, depth, List.of());
    }

    /** As above, and below them rows of strips whose columns are the panel's. */
    Tiled backward(CpuLinearWeight weight, int input, int from, int depth, List<Tiled> below) {
        Tiled both = room(depth, below);
        MemorySegment tiles = both.memory();
        MemorySegment high = both.from(1, 0).memory();
        if (weight instanceof StripWeight strips) {
            int first = from / StripForm.OUTPUTS;
            int count = Math.min(depth / StripForm.OUTPUTS, strips.stripCount() - first);
            backward(strips, input, first, count, tiles, high);
            clear(tiles, high, count * StripForm.OUTPUTS, depth);
        } else {
            int count = Math.min(depth, weight.outputFeatures() - from);
            float[] rows = new float[count * SIDE];
            for (int o = 0; o < count; o++) {
                weight.decodeRow(rows, o * SIDE, 1, from + o, input, SIDE);
            }
            pair(new Matrix(rows, 0, SIDE, 1, count, SIDE), 0, 1, tiles, high);
        }
        append(below, both, stripBytes(depth));
        return both;
    }

    private void backward(StripWeight weight, int input, int first, int count, MemorySegment low, MemorySegment high) {
        StripForm form = weight.form();
        int tile = input % form.blockInputs() / SIDE;
        MemorySegment block = weight.from(first).asSlice((long) (input / form.blockInputs()) * form.blockBytes());
        kernels.transposedPanels()
                .get(form)
                .run(
                        block.asSlice(form.tileOffset(tile)),
                        weight.scales(first, input),
                        weight.stripBytes(),
                        low,
                        high,
                        count,
                        weight.constants());
    }

    /** 16 rows (16, depth) of bfloat16 become a strip: they are its columns. */
    void turn(MemorySegment rows, int depth, MemorySegment tiles) {
        kernels.turn().run(rows, 2L * depth, 2L * SIDE, tiles, 64, StripForm.TILE_BYTES, depth / SIDE);
    }

    /** Rows of {@code b} from column {@code column} on, up to 32, become two strips, padded with zeros to a multiple of 32 rows. */
    void pair(Matrix b, int column, float scale, MemorySegment low, MemorySegment high) {
        int width = Math.min(SIDE, b.columns() - column);
        int even = b.rows() / 2 * 2;
        int from = b.offset() + column * b.columnStride();
        long stride = 4L * b.rowStride();
        if (even > 0) {
            MemorySegment rows = MemorySegment.ofArray(b.data()).asSlice(4L * from);
            kernels.pair().run(rows, stride, width, scale, low, high, even / 2, ORDERS);
        }
        if (even < b.rows()) {
            float[] last = new float[2 * SIDE];
            System.arraycopy(b.data(), from + even * b.rowStride(), last, 0, width);
            kernels.pair()
                    .run(
                            MemorySegment.ofArray(last),
                            4L * SIDE,
                            SIDE,
                            scale,
                            low.asSlice(stripBytes(even)),
                            high.asSlice(stripBytes(even)),
                            1,
                            ORDERS);
        }
        clear(low, high, even + 2 * (b.rows() - even), padded(b.rows()));
    }

    /** Rows {@code from} to {@code from + count} in tiles, columns {@code column} to {@code column + depth} or to the last, then zeros. */
    void tiles(Matrix a, int from, int count, int column, int depth, Tiled out) {
        int columns = Math.min(depth, a.columns() - column);
        for (int row = 0; row < count; row += HALF) {
            int first = a.offset() + (from + row) * a.rowStride() + column;
            MemorySegment rows = MemorySegment.ofArray(a.data()).asSlice(4L * first);
            MemorySegment strip = out.from(row / HALF, 0).memory();
            kernels.round()
                    .run(
                            rows,
                            4L * a.rowStride(),
                            strip,
                            2L * SIDE,
                            StripForm.TILE_BYTES,
                            Math.min(HALF, count - row),
                            columns,
                            1);
        }
    }

    private static void clear(MemorySegment low, MemorySegment high, int from, int to) {
        if (from < to) {
            low.asSlice(stripBytes(from), stripBytes(to - from)).fill((byte) 0);
            high.asSlice(stripBytes(from), stripBytes(to - from)).fill((byte) 0);
        }
    }
}
