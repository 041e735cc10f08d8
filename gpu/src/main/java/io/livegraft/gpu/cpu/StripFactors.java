package io.livegraft.gpu.cpu;

import io.livegraft.gpu.backend.Factor;
import io.livegraft.gpu.backend.Factors;
import io.livegraft.gpu.machinecode.Constants;
import io.livegraft.gpu.machinecode.StripForm;
import io.livegraft.gpu.tensor.Bf16;
import io.livegraft.gpu.tensor.HostTensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * Lays adapters down in strips of bfloat16, matrix behind matrix in one block of memory: a decode step reads them in that order, and what
 * a kernel fetches ahead of a matrix's end is the beginning of the next.
 */
final class StripFactors {
    private static final int LANES = StripForm.OUTPUTS;
    private static final int ROW = LANES * Integer.BYTES;

    private final FactorMemory memory;
    private final Constants constants = Constants.withoutLevels();

    StripFactors(FactorMemory memory) {
        this.memory = memory;
    }

    Factors of(List<HostTensor> ws) {
        MemorySegment block =
                memory.take(ws.stream().mapToLong(StripFactors::bytes).sum());
        List<Factor> factors = new ArrayList<>(ws.size());
        long at = 0;
        for (HostTensor w : ws) {
            MemorySegment strips = block.asSlice(at, bytes(w));
            fill(strips, w);
            factors.add(new StripFactor(StripWeight.unpaired(form(w), w.rows(), padded(w), strips, constants)));
            at += strips.byteSize();
        }
        return new Factors(factors, () -> memory.giveBack(block));
    }

    /** A second factor has a rank of inputs, mostly less than a whole tile. */
    private static StripForm form(HostTensor w) {
        return w.columns() <= StripForm.BFLOAT16_16.blockInputs() ? StripForm.BFLOAT16_16 : StripForm.BFLOAT16;
    }

    private static int padded(HostTensor w) {
        int unit = form(w).blockInputs();
        return Math.ceilDiv(w.columns(), unit) * unit;
    }

    private static long bytes(HostTensor w) {
        return (long) Math.ceilDiv(w.rows(), LANES) * LANES * padded(w) * Short.BYTES;
    }

    /** Row by row; outputs and inputs that the matrix lacks are zeros. */
    private static void fill(MemorySegment strips, HostTensor w) {
        int pairs = padded(w) / 2;
        if (w.rows() % LANES != 0 || w.columns() % 2 != 0 || w.columns() < 2 * pairs) {
            strips.fill((byte) 0);
        }
        for (int row = 0; row < w.rows(); row++) {
            long lane = (long) (row / LANES) * pairs * ROW + (long) (row % LANES) * Integer.BYTES;
            fill(strips, lane, w.values(), row * w.columns(), w.columns());
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
