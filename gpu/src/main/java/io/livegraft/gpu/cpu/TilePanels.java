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
            MemorySegment from = rows.atLeast(2L * SIDE * depth);
            weight.decodeBf16(from, 0, weight.outputFeatures(), input, SIDE);
            pair(from, weight.outputFeatures(), tiles, high);
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
        kernels.turn()
                .run(rows, 2L * depth, 2L * SIDE, tiles, 64, StripForm.TILE_BYTES, depth / SIDE);
    }

    /** A strip becomes 16 rows (16, depth). */
    void turnBack(MemorySegment tiles, int depth, MemorySegment rows) {
        kernels.turn()
                .run(tiles, 64, StripForm.TILE_BYTES, rows, 2L * depth, 2L * SIDE, depth / SIDE);
    }

    /** Rows (depth, 32) of bfloat16 become two strips, padded with zeros to a multiple of 32 rows. */
    void pair(MemorySegment rows, int depth, MemorySegment low, MemorySegment high) {
        if (depth % 2 == 1) {
            rows.asSlice(2L * SIDE * depth, 2L * SIDE).fill((byte) 0);
        }
        int even = depth + depth % 2;
        kernels.pair().run(rows, 2L * SIDE, low, high, even / 2, ORDERS);
        clear(low, high, even, padded(depth));
    }

    private static void clear(MemorySegment low, MemorySegment high, int from, int to) {
        if (from < to) {
            low.asSlice(stripBytes(from), stripBytes(to - from)).fill((byte) 0);
            high.asSlice(stripBytes(from), stripBytes(to - from)).fill((byte) 0);
        }
    }
}
