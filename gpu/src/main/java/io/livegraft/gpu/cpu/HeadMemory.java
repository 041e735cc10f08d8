package io.livegraft.gpu.cpu;

/** Keys and values of one head, where they lie, as right-hand sides of products. */
interface HeadMemory {
    /** Positions. */
    int length();

    /** Transposed keys (D, count) from a multiple of 32 on. */
    PanelSource keysTransposed(int from, int count);

    /** Values (count, D). */
    PanelSource values(int from, int count);
}
