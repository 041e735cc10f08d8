package io.livegraft.gpu.cpu;

import io.livegraft.gpu.quantization.BlockTensor;
import io.livegraft.gpu.quantization.Scales;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * A {@link BlockTensor} laid out for 512-bit registers; the file keeps bitsandbytes' layout, this is made at load and takes as
 * much memory.
 *
 * <pre>{@code
 *   group g of 128 weights (two blocks of 64, over the flat row-major weight) = 32 lanes of 16 bits
 *   bits 4p to 4p+3 of lane l = index of weight 128·g + 32·p + l,  p = 0..3
 * }</pre>
 *
 * A lookup of 32 weights is one shift and one permute of 16-bit levels; as 32-bit lanes the same words give 16 even or odd
 * weights a permute of float32 levels ({@link DecodeProduct}).
 */
record PlaneWeight(int outputFeatures, int inputFeatures, short[] words, float[] levels, Scales scales)
        implements CpuLinearWeight {
    static final int BLOCK = 64;

    private static final int GROUP = 128;
    private static final int LANES = 32;
    private static final VectorSpecies<Short> SHORTS = ShortVector.SPECIES_512;
    private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_512;
    /** An index is the low five bits of a lane, so that both halves hold the table. */
    private static final VectorShuffle<Short> TWICE = VectorShuffle.fromOp(SHORTS, lane -> lane & 15);

    /** Whether blocks have 64 weights and begin where rows do. */
    static boolean fits(BlockTensor tensor) {
        return tensor.blockSize() == BLOCK && tensor.columns() % BLOCK == 0;
    }

    static PlaneWeight of(BlockTensor tensor) {
        byte[] packed = tensor.packed();
        short[] words = new short[Math.ceilDiv(packed.length * 2, GROUP) * LANES];
        for (int i = 0; i < 2 * packed.length; i++) {
            int index = (i & 1) == 0 ? (packed[i >> 1] >> 4) & 0xF : packed[i >> 1] & 0xF;
            words[wordOf(i)] |= (short) (index << shiftOf(i));
        }
        return new PlaneWeight(tensor.rows(), tensor.columns(), words, tensor.levels(), tensor.scales());
    }

    private static int wordOf(int weight) {
        return (weight / GROUP) * LANES + weight % LANES;
    }

    private static int shiftOf(int weight) {
        return weight % GROUP / LANES * 4;
    }

    @Override
    public long bytes() {
        return (long) Short.BYTES * words.length + scales.bytes();
    }

    @Override
    public void decodeRow(float[] out, int offset, int stride, int row, int fromColumn, int count) {
        int from = row * inputFeatures + fromColumn;
        for (int i = 0; i < count; i++) {
            int index = (words[wordOf(from + i)] >> shiftOf(from + i)) & 0xF;
            out[offset + i * stride] = levels[index] * scales.of((from + i) / BLOCK);
        }
    }

    @Override
    public void decodeBf16(MemorySegment out, int first, int count, int from, int width) {
        if (from % BLOCK != 0 || width % BLOCK != 0) {
            CpuLinearWeight.super.decodeBf16(out, first, count, from, width);
            return;
        }
        for (int r = 0; r < count; r++) {
            int block = ((first + r) * inputFeatures + from) / BLOCK;
            decodeBlocks(out, 2L * r * width, block, width / BLOCK);
        }
    }

    /** Consecutive blocks, one behind the other. */
    private void decodeBlocks(MemorySegment out, long byteOffset, int firstBlock, int count) {
        for (int i = 0; i < count; i++) {
            int block = firstBlock + i;
            ShortVector table = scaledLevels(scales.of(block));
            ShortVector low = ShortVector.fromArray(SHORTS, words, (block >> 1) * LANES)
                    .lanewise(VectorOperators.LSHR, (short) ((block & 1) * 8));
            ShortVector high = low.lanewise(VectorOperators.LSHR, 4);
            long to = byteOffset + (long) i * BLOCK * Short.BYTES;
            low.selectFrom(table).intoMemorySegment(out, to, ByteOrder.nativeOrder());
            high.selectFrom(table).intoMemorySegment(out, to + 64, ByteOrder.nativeOrder());
        }
    }

    private ShortVector scaledLevels(float scale) {
        IntVector bits = FloatVector.fromArray(FLOATS, levels, 0).mul(scale).reinterpretAsInts();
        IntVector even = bits.lanewise(VectorOperators.LSHR, 16).and(1);
        IntVector rounded = bits.add(even).add(0x7FFF).lanewise(VectorOperators.LSHR, 16);
        return ((ShortVector) rounded.convertShape(VectorOperators.I2S, SHORTS, 0)).rearrange(TWICE);
    }
}
