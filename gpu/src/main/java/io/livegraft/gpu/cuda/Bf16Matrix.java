package io.livegraft.gpu.cuda;

/**
 * A bfloat16 matrix on the device, zeros beyond its columns.
 *
 * @param stride values from row to row, a multiple of 8
 */
record Bf16Matrix(MemoryBlock block, long address, int rows, int columns, int stride) {
    /** Strides that a matrix has which is multiplied with in any phase. */
    static final int STRIDE = 64;

    static int stride(int columns) {
        return Math.ceilDiv(columns, STRIDE) * STRIDE;
    }

    static long bytes(int rows, int columns) {
        return 2L * rows * stride(columns);
    }

    /** {@code count} rows from row {@code from} on. */
    Bf16Matrix rowBlock(int from, int count) {
        return new Bf16Matrix(block, address + 2L * from * stride, count, columns, stride);
    }
}
