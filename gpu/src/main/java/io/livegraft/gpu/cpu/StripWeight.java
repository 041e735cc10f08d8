package io.livegraft.gpu.cpu;

import io.livegraft.gpu.backend.WeightImage;
import io.livegraft.gpu.machinecode.Constants;
import io.livegraft.gpu.machinecode.HugeMemory;
import io.livegraft.gpu.machinecode.StripForm;
import io.livegraft.gpu.quantization.BlockTensor;
import io.livegraft.gpu.quantization.RowTensor;
import io.livegraft.gpu.tensor.Bf16;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * A weight in strips ({@link StripForm} has the layout), made at load; files keep their formats. A nested scale is undone: 4.5
 * bits a weight. Strips come in pairs, as kernels read
 * them; what the last have too much are zeros.
 *
 * @param strips in native memory, one behind the other
 * @param levels what indices stand for
 */
record StripWeight(
        StripForm form,
        int outputFeatures,
        int inputFeatures,
        MemorySegment strips,
        float[] levels,
        Constants constants)
        implements CpuLinearWeight {
    /** Aligned in fact; saying so would be checked at every access. */
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;

    private static final int LANE = Integer.BYTES;
    private static final int ROW = StripForm.OUTPUTS * LANE;
    /** Of a tile of indices, in one 64-byte word. */
    private static final int ROWS_PER_WORD = 4;

    private static final int WORD_INPUTS = 2 * ROWS_PER_WORD;
    private static final float[] NO_LEVELS = new float[16];

    /** The form that fits a weight of 4 bits: blocks and strips' blocks must not cross. */
    static Optional<StripForm> form(BlockTensor tensor) {
        for (StripForm form : new StripForm[] {StripForm.NIBBLES_64, StripForm.NIBBLES_32}) {
            int inputs = form.blockInputs();
            if (tensor.columns() % inputs == 0 && tensor.blockSize() % inputs == 0) {
                return Optional.of(form);
            }
        }
        return Optional.empty();
    }

    /** Of bfloat16 or of whole numbers. */
    static boolean fits(CpuLinearWeight weight) {
        return weight.inputFeatures() % StripForm.TILE_INPUTS == 0;
    }

    static StripWeight of(BlockTensor tensor, StripForm form, HugeMemory memory) {
        StripWeight weight = empty(memory, form, tensor.rows(), tensor.columns(), tensor.levels());
        IntStream.range(0, tensor.rows()).parallel().forEach(row -> weight.fill(row, tensor));
        return weight;
    }

    /** Whole numbers keep their values; a row's {@code SCB/127} is rounded once. */
    static StripWeight of(RowTensor tensor, HugeMemory memory) {
        StripWeight weight = empty(memory, StripForm.BYTES_32, tensor.rows(), tensor.columns(), new float[16]);
        IntStream.range(0, tensor.rows()).parallel().forEach(row -> weight.fill(row, tensor));
        return weight;
    }

    /** @param form in bfloat16; its blocks divide the inputs */
    static StripWeight of(Bf16Weight rounded, StripForm form, HugeMemory memory) {
        StripWeight weight = empty(memory, form, rounded.outputFeatures(), rounded.inputFeatures(), new float[16]);
        IntStream.range(0, rounded.outputFeatures()).parallel().forEach(row -> weight.fill(row, rounded));
        return weight;
    }

    /** For products of few rows alone: without the strip that makes pairs even. */
    static StripWeight unpaired(
            StripForm form, int outputFeatures, int inputFeatures, MemorySegment strips, Constants constants) {
        return new StripWeight(form, outputFeatures, inputFeatures, strips, NO_LEVELS, constants);
    }

    /** A weight as {@link #image} has it; empty where that is of another length than its shape and form say. */
    static Optional<StripWeight> of(WeightImage image) {
        return Arrays.stream(StripForm.values())
                .filter(form -> form.name().equals(image.form()))
                .filter(form -> bytes(form, image.outputFeatures(), image.inputFeatures())
                        == image.bytes().byteSize())
                .map(form -> new StripWeight(
                        form,
                        image.outputFeatures(),
                        image.inputFeatures(),
                        image.bytes(),
                        image.levels(),
                        Constants.of(image.levels())))
                .findFirst();
    }

    WeightImage image() {
        return new WeightImage(form.name(), outputFeatures, inputFeatures, levels, strips);
    }

    private static long bytes(StripForm form, int outputFeatures, int inputFeatures) {
        long pairs = Math.ceilDiv(outputFeatures, 2 * StripForm.OUTPUTS);
        return 2 * pairs * stripBytes(form, inputFeatures);
    }

    static long stripBytes(StripForm form, int inputFeatures) {
        return (long) (inputFeatures / form.blockInputs()) * form.blockBytes() + form.endBytes();
    }

    private static StripWeight empty(
            HugeMemory memory, StripForm form, int outputFeatures, int inputFeatures, float[] levels) {
        MemorySegment strips = memory.allocate(bytes(form, outputFeatures, inputFeatures));
        return new StripWeight(form, outputFeatures, inputFeatures, strips, levels, Constants.of(levels));
    }

    /** Two indices a byte, the first in its upper half: four bytes are one lane of a word. */
    private void fill(int row, BlockTensor tensor) {
        byte[] packed = tensor.packed();
        for (int k = 0; k < inputFeatures; k += WORD_INPUTS) {
            int from = (row * inputFeatures + k) / 2;
            int lane = 0;
            for (int i = 0; i < ROWS_PER_WORD; i++) {
                lane |= ((packed[from + i] >> 4) & 0xF) << (4 * i);
                lane |= (packed[from + i] & 0xF) << (16 + 4 * i);
            }
            strips.set(INT, word(row, k), lane);
            if (k % form.blockInputs() == 0) {
                float scale = tensor.scales().of((row * inputFeatures + k) / tensor.blockSize());
                strips.set(ValueLayout.JAVA_FLOAT_UNALIGNED, scale(row, k), scale);
            }
        }
    }

    private void fill(int row, RowTensor tensor) {
        for (int k = 0; k < inputFeatures; k++) {
            strips.set(ValueLayout.JAVA_BYTE, number(row, k), tensor.values()[row * inputFeatures + k]);
        }
        strips.set(ValueLayout.JAVA_FLOAT_UNALIGNED, scale(row, 0), tensor.factor(row));
    }

    private void fill(int row, Bf16Weight rounded) {
        short[] halves = rounded.row(row);
        for (int k = 0; k < inputFeatures; k += 2) {
            strips.set(INT, pair(row, k), (halves[k] & 0xFFFF) | (halves[k + 1] << 16));
        }
    }

    int stripCount() {
        return Math.ceilDiv(outputFeatures, StripForm.OUTPUTS);
    }

    int blocks() {
        return inputFeatures / form.blockInputs();
    }

    long stripBytes() {
        return stripBytes(form, inputFeatures);
    }

    /** From strip {@code index} on. */
    MemorySegment from(int index) {
        return strips.asSlice(index * stripBytes());
    }

    private long block(int row, int k) {
        return (row / StripForm.OUTPUTS) * stripBytes() + (long) (k / form.blockInputs()) * form.blockBytes();
    }

    /** Byte offset of the lane that has the indices of (row, k). */
    private long word(int row, int k) {
        return block(row, k) + (long) ROW * (k % form.blockInputs() / WORD_INPUTS) + lane(row);
    }

    /** Of the outputs of strip {@code index}, for input {@code k}; nothing that bfloat16 has. */
    MemorySegment scales(int index, int k) {
        return form.bfloat16() ? MemorySegment.NULL : strips.asSlice(scale(index * StripForm.OUTPUTS, k));
    }

    /** Byte offset of the scale of (row, k). */
    private long scale(int row, int k) {
        return lane(row) + (form.wholeNumbers() ? block(row, inputFeatures) : block(row, k) + form.scaleOffset());
    }

    /** Byte offset of a whole number. */
    private long number(int row, int k) {
        int at = StripForm.OUTPUTS * (k % form.blockInputs()) + row % StripForm.OUTPUTS;
        return block(row, k) + at;
    }

    /** Byte offset of the two bfloat16 of (row, k) and its odd neighbour. */
    private long pair(int row, int k) {
        return block(row, k) + (long) ROW * (k % form.blockInputs() / 2) + lane(row);
    }

    private static long lane(int row) {
        return (long) LANE * (row % StripForm.OUTPUTS);
    }

    @Override
    public long bytes() {
        return strips.byteSize();
    }

    @Override
    public void decodeRow(float[] out, int offset, int stride, int row, int fromColumn, int count) {
        int to = offset;
        int end = fromColumn + count;
        for (int k = fromColumn; k < end; ) {
            if (form.indices() && k % WORD_INPUTS == 0 && k + WORD_INPUTS <= end) {
                decodeWord(out, to, stride, row, k);
                to += WORD_INPUTS * stride;
                k += WORD_INPUTS;
            } else {
                out[to] = value(row, k);
                to += stride;
                k++;
            }
        }
    }

    /** The eight inputs of one lane: finding it costs more than they do. */
    private void decodeWord(float[] out, int to, int stride, int row, int k) {
        int lane = strips.get(INT, word(row, k));
        float scale = strips.get(ValueLayout.JAVA_FLOAT_UNALIGNED, scale(row, k));
        for (int i = 0; i < ROWS_PER_WORD; i++) {
            out[to + 2 * i * stride] = levels[(lane >> (4 * i)) & 0xF] * scale;
            out[to + (2 * i + 1) * stride] = levels[(lane >> (16 + 4 * i)) & 0xF] * scale;
        }
    }

    private float value(int row, int k) {
        return switch (form) {
            case NIBBLES_32, NIBBLES_64 -> level(row, k);
            case BYTES_16, BYTES_32 ->
                strips.get(ValueLayout.JAVA_BYTE, number(row, k)) * strips.get(ValueLayout.JAVA_FLOAT, scale(row, k));
            case BFLOAT16, BFLOAT16_16 -> Bf16.toFloat(half(row, k));
        };
    }

    private float level(int row, int k) {
        int lane = strips.get(INT, word(row, k));
        int shift = 4 * (k / 2 % ROWS_PER_WORD) + k % 2 * 16;
        return levels[(lane >> shift) & 0xF] * strips.get(ValueLayout.JAVA_FLOAT, scale(row, k));
    }

    private short half(int row, int k) {
        return strips.get(ValueLayout.JAVA_SHORT, pair(row, k) + (long) Short.BYTES * (k % 2));
    }
}
