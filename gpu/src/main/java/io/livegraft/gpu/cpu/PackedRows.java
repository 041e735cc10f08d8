package io.livegraft.gpu.cpu;

import io.livegraft.gpu.machinecode.GemmKernel;
import java.lang.foreign.MemorySegment;

/**
 * Rows as bfloat16 in strips of 16, the first operand of {@link GemmKernel}; up to a multiple of 32 rows there is garbage.
 *
 * @param strip bytes from a strip to the next
 */
record PackedRows(MemorySegment memory, long strip) {
    /** From row {@code row} on, a multiple of 16. */
    MemorySegment from(int row) {
        return memory.asSlice(row / (GemmKernel.SIDE / 2) * strip);
    }
}
