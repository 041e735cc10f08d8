package io.livegraft.gpu.cpu;

import io.livegraft.gpu.machinecode.GemmKernel;
import java.lang.foreign.MemorySegment;

/**
 * Rows as bfloat16, the first operand of {@link GemmKernel}; up to a multiple of 32 rows there is garbage.
 *
 * @param stride bytes from a row to the next, or from a strip of 16 to the next
 */
record PackedRows(GemmKernel.Order order, MemorySegment memory, long stride) {
    /** Row after row, {@code depth} columns each. */
    static PackedRows ofRows(MemorySegment memory, int depth) {
        return new PackedRows(GemmKernel.Order.ROWS, memory, (long) Short.BYTES * depth);
    }

    /** From row {@code row} on, a multiple of 32. */
    MemorySegment from(int row) {
        return switch (order) {
            case ROWS -> memory.asSlice(row * stride);
            case TILES -> memory.asSlice(row / (GemmKernel.SIDE / 2) * stride);
        };
    }
}
