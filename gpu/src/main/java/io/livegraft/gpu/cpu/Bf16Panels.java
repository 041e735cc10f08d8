package io.livegraft.gpu.cpu;

import java.lang.foreign.MemorySegment;

/** The right-hand side (K, J) of a {@link Bf16Product}, decoded a few columns at a time. */
interface Bf16Panels {
    int depth();

    int columns();

    /** Whether a panel lies in memory as its transpose (columns, depth); else as (depth, columns). */
    boolean transposed();

    /** Columns {@code column} to {@code column + width}, packed. */
    void fill(MemorySegment panel, int column, int width);
}
