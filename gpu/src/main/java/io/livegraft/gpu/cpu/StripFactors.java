package io.livegraft.gpu.cpu;

import io.livegraft.gpu.backend.Factors;
import io.livegraft.gpu.backend.FactorsWork;
import io.livegraft.gpu.backend.SlicedWork;
import io.livegraft.gpu.machinecode.Constants;
import io.livegraft.gpu.machinecode.StripForm;
import io.livegraft.gpu.quantization.AbsMax;
import io.livegraft.gpu.tensor.Bf16;
import io.livegraft.gpu.tensor.HostMatrix;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;

/**
 * Lays adapters down in strips, matrix behind matrix in one block of memory: a decode step reads them in that order, and what a kernel
 * fetches ahead of a matrix's end is the beginning of the next. In bfloat16, and where decode steps multiply bytes a second time in whole
 * numbers, all of which stand behind the former.
 *
 * <pre>{@code
 *   scale[o] = max_k |w[o,k]| / 127      whole[o,k] = w[o,k] / scale[o], to nearest even      |scale·whole − w| ≤ scale/2
 * }</pre>
 */
final class StripFactors {
    private static final int LANES = StripForm.OUTPUTS;
    private static final int ROW = LANES * Integer.BYTES;
    private static final float LARGEST = 127;
    /** 1.5 · 2²³: floats of its size have no fraction, and whole numbers in their lower bits. */
    private static final float WHOLE = 0x1.8p23f;

    private final FactorMemory memory;
    private final Constants constants = Constants.withoutLevels();

    StripFactors(FactorMemory memory) {
        this.memory = memory;
    }

    /** @param bytes whether decode steps multiply bytes */
    SlicedWork<Factors> of(List<HostMatrix> ws, boolean bytes) {
        long halves = ws.stream().mapToLong(w -> bytes(form(w), w)).sum();
        MemorySegment block = memory.take(halves + (bytes ? wholeBytes(ws) : 0));
        SegmentAllocator room = SegmentAllocator.slicingAllocator(block.asSlice(0, halves));
        SegmentAllocator wholes = SegmentAllocator.slicingAllocator(block.asSlice(halves));
        return new FactorsWork(
                ws,
                w -> {
                    StripWeight weight = weight(form(w), w, room);
                    fill(weight, w);
                    return new StripFactor.Strips(weight, bytes ? whole(w, wholes) : weight);
                },
                () -> memory.giveBack(block));
    }

    /** For registers of less than 512 bits: only whole numbers in strips. */
    SlicedWork<Factors> narrow(List<HostMatrix> ws) {
        MemorySegment block = memory.take(wholeBytes(ws));
        SegmentAllocator wholes = SegmentAllocator.slicingAllocator(block);
        return new FactorsWork(
                ws,
                w -> new StripFactor.Rows(
                        Bf16Weight.round(w.rows(), w.columns(), w.copy().values()), whole(w, wholes)),
                () -> memory.giveBack(block));
    }

    private static long wholeBytes(List<HostMatrix> ws) {
        return ws.stream().mapToLong(w -> bytes(wholeForm(w), w)).sum();
    }

    private StripWeight whole(HostMatrix w, SegmentAllocator room) {
        StripWeight decode = weight(wholeForm(w), w, room);
        fillWhole(decode, w);
        return decode;
    }

    private StripWeight weight(StripForm form, HostMatrix w, SegmentAllocator room) {
        return StripWeight.unpaired(form, w.rows(), padded(form, w), room.allocate(bytes(form, w)), constants);
    }

    /** A second factor has a rank of inputs, mostly less than a whole tile. */
    private static StripForm form(HostMatrix w) {
        return w.columns() <= StripForm.BFLOAT16_16.blockInputs() ? StripForm.BFLOAT16_16 : StripForm.BFLOAT16;
    }

    private static StripForm wholeForm(HostMatrix w) {
        return w.columns() <= StripForm.BYTES_16.blockInputs() ? StripForm.BYTES_16 : StripForm.BYTES_32;
    }

    private static int padded(StripForm form, HostMatrix w) {
        int unit = form.blockInputs();
        return Math.ceilDiv(w.columns(), unit) * unit;
    }

    private static long bytes(StripForm form, HostMatrix w) {
        return Math.ceilDiv(w.rows(), LANES) * StripWeight.stripBytes(form, padded(form, w));
    }

    /** Row by row; outputs and inputs that the matrix lacks are zeros. */
    private static void fill(StripWeight weight, HostMatrix w) {
        int pairs = weight.inputFeatures() / 2;
        MemorySegment strips = weight.strips();
        if (w.rows() % LANES != 0 || w.columns() % 2 != 0 || w.columns() < 2 * pairs) {
            strips.fill((byte) 0);
        }
        for (int row = 0; row < w.rows(); row++) {
            long lane = (long) (row / LANES) * pairs * ROW + (long) (row % LANES) * Integer.BYTES;
            fill(strips, lane, w.values(), w.row(row), w.columns());
        }
    }

    /** Strip by strip, as above. */
    private static void fillWhole(StripWeight weight, HostMatrix w) {
        byte[] strip = new byte[(int) weight.stripBytes()];
        MemorySegment memory = MemorySegment.ofArray(strip);
        int scales = weight.inputFeatures() * LANES;
        for (int first = 0; first < w.rows(); first += LANES) {
            int outputs = Math.min(LANES, w.rows() - first);
            if (outputs < LANES) {
                Arrays.fill(strip, (byte) 0);
            }
            for (int lane = 0; lane < outputs; lane++) {
                int from = w.row(first + lane);
                float scale = AbsMax.of(w.values(), from, from + w.columns()) / LARGEST;
                round(strip, lane, w.values(), from, w.columns(), scale == 0 ? 0 : 1 / scale);
                memory.set(ValueLayout.JAVA_FLOAT_UNALIGNED, scales + (long) lane * Float.BYTES, scale);
            }
            weight.from(first / LANES).copyFrom(memory);
        }
    }

    /** One output's inputs, to nearest even: what is left of a whole number's fraction when a large one is added. */
    private static void round(byte[] strip, int lane, float[] values, int from, int count, float inverse) {
        for (int i = 0; i < count; i++) {
            strip[LANES * i + lane] = (byte) Float.floatToRawIntBits(values[from + i] * inverse + WHOLE);
        }
    }

    /** One output's pairs of inputs, of which the last may lack its second. */
    private static void fill(MemorySegment strips, long lane, float[] values, int from, int count) {
        for (int i = 0; i < count; i += 2) {
            int first = Bf16.fromFloat(values[from + i]) & 0xFFFF;
            int second = i + 1 < count ? Bf16.fromFloat(values[from + i + 1]) << 16 : 0;
            strips.set(ValueLayout.JAVA_INT_UNALIGNED, lane + i / 2L * ROW, first | second);
        }
    }
}
