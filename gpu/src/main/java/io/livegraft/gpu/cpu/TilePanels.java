package io.livegraft.gpu.cpu;

import io.livegraft.gpu.machinecode.Constants;
import io.livegraft.gpu.machinecode.GemmKernel;
import io.livegraft.gpu.machinecode.StripForm;
import java.lang.foreign.MemorySegment;

/**
 * Decodes 32 columns of a weight's product into tiles, the second operand of {@link GemmKernel}: two strips of 16 columns, each
 * {@code stripBytes(depth)} long. Every thread has its own.
 */
final class TilePanels {
    private static final int SIDE = GemmKernel.SIDE;
    private static final int HALF = SIDE / 2;
    private static final Constants ORDERS = Constants.withoutLevels();

    private final StripKernels.Tiles kernels;
    private final NativeBuffer panel = new NativeBuffer();
    private final NativeBuffer rows = new NativeBuffer();

    TilePanels(StripKernels.Tiles kernels) {
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

    /** wᵀ (in, out), columns from {@code output} on; what lies beyond the last output is of no meaning. */
    MemorySegment forward(CpuLinearWeight weight, int output) {
        int depth = weight.inputFeatures();
        MemorySegment tiles = panel.atLeast(2 * stripBytes(depth));
        if (weight instanceof StripWeight strips) {
            return forward(strips, output / StripForm.OUTPUTS, tiles);
        }
        int count = Math.min(SIDE, weight.outputFeatures() - output);
        MemorySegment from = rows.atLeast(2L * SIDE * depth);
        weight.decodeBf16(from, output, count, 0, depth);
        for (int half = 0; half < 2; half++) {
            turn(from.asSlice(2L * half * HALF * depth), depth, tiles.asSlice(half * stripBytes(depth)));
        }
        return tiles;
    }

    private MemorySegment forward(StripWeight weight, int strip, MemorySegment tiles) {
        if (!weight.form().quantized()) {
            return weight.from(strip);
        }
        int count = Math.min(2, weight.stripCount() - strip);
        kernels.panels()
                .get(weight.form())
                .run(weight.from(strip), tiles, (long) count * weight.blocks(), weight.constants());
        return tiles;
    }

    /** w (out, in), columns from {@code input} on; the depth is padded with zeros. */
    MemorySegment backward(CpuLinearWeight weight, int input) {
        int depth = padded(weight.outputFeatures());
        MemorySegment tiles = panel.atLeast(2 * stripBytes(depth));
        MemorySegment high = tiles.asSlice(stripBytes(depth));
        if (weight instanceof StripWeight strips) {
            backward(strips, input, tiles, high);
            clear(tiles, high, strips.stripCount() * StripForm.OUTPUTS, depth);
        } else {
            float[] rows = new float[weight.outputFeatures() * SIDE];
            for (int o = 0; o < weight.outputFeatures(); o++) {
                weight.decodeRow(rows, o * SIDE, 1, o, input, SIDE);
            }
            pair(new Matrix(rows, 0, SIDE, 1, weight.outputFeatures(), SIDE), 0, 1, tiles, high);
        }
        return tiles;
    }

    private void backward(StripWeight weight, int input, MemorySegment low, MemorySegment high) {
        StripForm form = weight.form();
        int tile = input % form.blockInputs() / SIDE;
        MemorySegment block = weight.strips().asSlice((long) (input / form.blockInputs()) * form.blockBytes());
        kernels.transposedPanels()
                .get(form)
                .run(
                        block.asSlice(form.tileOffset(tile)),
                        block.asSlice(form.quantized() ? form.scaleOffset() : 0),
                        weight.stripBytes(),
                        low,
                        high,
                        weight.stripCount(),
                        weight.constants());
    }

    /** 16 rows (16, depth) of bfloat16 become a strip: they are its columns. */
    void turn(MemorySegment rows, int depth, MemorySegment tiles) {
        kernels.turn().run(rows, 2L * depth, 2L * SIDE, tiles, 64, StripForm.TILE_BYTES, depth / SIDE);
    }

    /** A strip becomes 16 rows (16, depth). */
    void turnBack(MemorySegment tiles, int depth, MemorySegment rows) {
        kernels.turn().run(tiles, 64, StripForm.TILE_BYTES, rows, 2L * depth, 2L * SIDE, depth / SIDE);
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

    /** {@code bf16(scale · a)} for rows {@code from} to {@code from + count} whose columns lie side by side, padded with zeros to {@code depth} columns. */
    void round(Matrix a, int from, int count, float scale, MemorySegment out, int depth) {
        MemorySegment rows = MemorySegment.ofArray(a.data()).asSlice(4L * (a.offset() + from * a.rowStride()));
        kernels.round().run(rows, 4L * a.rowStride(), out, 2L * depth, count, a.columns(), scale);
    }

    private static void clear(MemorySegment low, MemorySegment high, int from, int to) {
        if (from < to) {
            low.asSlice(stripBytes(from), stripBytes(to - from)).fill((byte) 0);
            high.asSlice(stripBytes(from), stripBytes(to - from)).fill((byte) 0);
        }
    }
}
