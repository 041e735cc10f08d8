package io.livegraft.gpu.cuda;

import io.livegraft.gpu.backend.DropoutMask;

/** What is done element by element; formulas: {@link io.livegraft.gpu.backend.Backend}, kernels: elements.cu. */
final class CudaElements {
    private static final int THREADS = 256;
    /** Threads of a block that each have a column. */
    private static final int COLUMN_THREADS = 32;

    private final CudaKernel add;
    private final CudaKernel addBias;
    private final CudaKernel addBiasBackward;
    private final CudaKernel swiGlu;
    private final CudaKernel swiGluBackward;
    private final CudaKernel dropout;
    private final CudaKernel dropoutBackward;

    CudaElements(CudaDevice device) {
        this.add = device.kernel("elements", "add");
        this.addBias = device.kernel("elements", "add_bias");
        this.addBiasBackward = device.kernel("elements", "add_bias_backward");
        this.swiGlu = device.kernel("elements", "swiglu");
        this.swiGluBackward = device.kernel("elements", "swiglu_backward");
        this.dropout = device.kernel("elements", "dropout");
        this.dropoutBackward = device.kernel("elements", "dropout_backward");
    }

    /** Blocks for {@code count} elements, four a thread. */
    static int blocks(long count) {
        return Math.toIntExact(Math.ceilDiv(count, 4L * THREADS));
    }

    void add(CudaTensor y, CudaTensor x) {
        x.requireShapeOf(y);
        launch(add.arguments().tensor(y).tensor(x).wide(y.size()), y);
    }

    void addBias(CudaTensor y, CudaTensor bias) {
        bias.requireShape(1, y.columns());
        addBias.arguments()
                .tensor(y)
                .tensor(bias)
                .integer(y.columns())
                .launch(y.rows(), blocks(y.columns()), 1, THREADS, 0);
    }

    void addBiasBackward(CudaTensor dBias, CudaTensor dy) {
        dBias.requireShape(1, dy.columns());
        addBiasBackward
                .arguments()
                .tensor(dBias)
                .tensor(dy)
                .integer(dy.rows())
                .integer(dy.columns())
                .launch(Math.ceilDiv(dy.columns(), COLUMN_THREADS), COLUMN_THREADS);
    }

    void swiGlu(CudaTensor y, CudaTensor gate, CudaTensor up) {
        gate.requireShapeOf(y);
        up.requireShapeOf(y);
        launch(swiGlu.arguments().tensor(y).tensor(gate).tensor(up).wide(y.size()), y);
    }

    void swiGluBackward(CudaTensor dGate, CudaTensor dUp, CudaTensor dy, CudaTensor gate, CudaTensor up) {
        dGate.requireShapeOf(dy);
        dUp.requireShapeOf(dy);
        gate.requireShapeOf(dy);
        up.requireShapeOf(dy);
        CudaKernel kernel = swiGluBackward
                .arguments()
                .tensor(dGate)
                .tensor(dUp)
                .tensor(dy)
                .tensor(gate)
                .tensor(up);
        launch(kernel.wide(dy.size()), dy);
    }

    void dropout(CudaTensor y, CudaTensor x, DropoutMask mask) {
        x.requireShapeOf(y);
        masked(dropout.arguments().tensor(y).tensor(x), y, mask);
    }

    void dropoutBackward(CudaTensor dx, CudaTensor dy, DropoutMask mask) {
        dy.requireShapeOf(dx);
        masked(dropoutBackward.arguments().tensor(dx).tensor(dy), dx, mask);
    }

    /** {@code (z >>> 11) · 2⁻⁵³ ≥ p} is {@code (z >>> 11) ≥ ⌈p · 2⁵³⌉}, in whole numbers. */
    private static void masked(CudaKernel kernel, CudaTensor shape, DropoutMask mask) {
        long least = (long) Math.ceil(mask.probability() * 0x1p53);
        launch(kernel.wide(shape.size()).wide(mask.seed()).wide(least).number((float) mask.scale()), shape);
    }

    private static void launch(CudaKernel kernel, CudaTensor shape) {
        kernel.launch(blocks(shape.size()), THREADS);
    }
}
