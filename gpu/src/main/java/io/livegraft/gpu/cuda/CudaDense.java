package io.livegraft.gpu.cuda;

import io.livegraft.gpu.backend.Operand;

/**
 * Dense products of many rows, {@code c (M,N) = or += scale · op(a) (M,K) · op(b) (K,N)}: on tensor cores where operands are bfloat16,
 * else in float32. Which of them, and so an element's bits, never depends on the number of rows.
 */
final class CudaDense {
    /** Rows and columns that a block makes, this deep at a time. */
    static final int SIDE = 128;

    static final int DEPTH = 32;
    static final int SHARED_BYTES = 4 * 2 * SIDE * DEPTH * 2;
    static final int THREADS = 256;
    private static final int FP32_SIDE = 64;

    private final CudaKernel plainPlain;
    private final CudaKernel plainTransposed;
    private final CudaKernel transposedPlain;
    private final CudaKernel transposedTransposed;
    private final CudaKernel fp32;

    CudaDense(CudaDevice device) {
        this.fp32 = device.kernel("product_fp32", "product_fp32");
        this.plainPlain = device.kernel("product", "product_plain_plain");
        this.plainTransposed = device.kernel("product", "product_plain_transposed");
        this.transposedPlain = device.kernel("product", "product_transposed_plain");
        this.transposedTransposed = device.kernel("product", "product_transposed_transposed");
    }

    private CudaKernel product(Operand a, Operand b) {
        return switch (a) {
            case PLAIN -> b == Operand.PLAIN ? plainPlain : plainTransposed;
            case TRANSPOSED -> b == Operand.PLAIN ? transposedPlain : transposedTransposed;
        };
    }

    void multiply(
            CudaTensor c,
            Bf16Matrix a,
            Operand aOperand,
            Bf16Matrix b,
            Operand bOperand,
            float scale,
            boolean accumulate) {
        int depth = aOperand == Operand.PLAIN ? a.columns() : a.rows();
        require(c, aOperand, a.rows(), a.columns(), bOperand, b.rows(), b.columns());
        product(aOperand, bOperand)
                .arguments()
                .address(a.address())
                .integer(a.stride())
                .address(b.address())
                .integer(b.stride())
                .tensor(c)
                .integer(c.rows())
                .integer(c.columns())
                .integer(depth)
                .number(scale)
                .integer(accumulate ? 1 : 0)
                .launch(blocks(c), 1, 1, THREADS, SHARED_BYTES);
    }

    static int blocks(CudaTensor c) {
        return Math.ceilDiv(c.rows(), SIDE) * Math.ceilDiv(c.columns(), SIDE);
    }

    void multiply(
            CudaTensor c,
            CudaTensor a,
            Operand aOperand,
            CudaTensor b,
            Operand bOperand,
            float scale,
            boolean accumulate) {
        boolean aPlain = aOperand == Operand.PLAIN;
        boolean bPlain = bOperand == Operand.PLAIN;
        require(c, aOperand, a.rows(), a.columns(), bOperand, b.rows(), b.columns());
        fp32.arguments()
                .tensor(a)
                .integer(aPlain ? a.columns() : 1)
                .integer(aPlain ? 1 : a.columns())
                .tensor(b)
                .integer(bPlain ? b.columns() : 1)
                .integer(bPlain ? 1 : b.columns())
                .tensor(c)
                .integer(c.rows())
                .integer(c.columns())
                .integer(aPlain ? a.columns() : a.rows())
                .number(scale)
                .integer(accumulate ? 1 : 0)
                .launch(Math.ceilDiv(c.columns(), FP32_SIDE), Math.ceilDiv(c.rows(), FP32_SIDE), 1, THREADS, 0);
    }

    static void require(
            CudaTensor c, Operand aOperand, int aRows, int aColumns, Operand bOperand, int bRows, int bColumns) {
        boolean aPlain = aOperand == Operand.PLAIN;
        boolean bPlain = bOperand == Operand.PLAIN;
        boolean fits = (aPlain ? aRows : aColumns) == c.rows()
                && (bPlain ? bColumns : bRows) == c.columns()
                && (aPlain ? aColumns : aRows) == (bPlain ? bRows : bColumns);
        if (!fits) {
            throw new IllegalArgumentException("product of %s (%d,%d) and %s (%d,%d) does not give (%d,%d)"
                    .formatted(aOperand, aRows, aColumns, bOperand, bRows, bColumns, c.rows(), c.columns()));
        }
    }
}
