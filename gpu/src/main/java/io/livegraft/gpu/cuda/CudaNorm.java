package io.livegraft.gpu.cuda;

/** Root-mean-square normalisation; formulas: {@code Backend.rmsNorm}, kernels: norm.cu. */
final class CudaNorm {
    private static final int THREADS = 256;
    private static final int COLUMN_THREADS = 32;

    private final CudaKernel forward;
    private final CudaKernel backward;
    private final CudaKernel weightBackward;

    CudaNorm(CudaDevice device) {
        this.forward = device.kernel("norm", "rms_norm");
        this.backward = device.kernel("norm", "rms_norm_backward");
        this.weightBackward = device.kernel("norm", "rms_norm_weight_backward");
    }

    void forward(CudaTensor y, CudaTensor rstd, CudaTensor x, CudaTensor w, float epsilon) {
        y.requireShapeOf(x);
        rstd.requireShape(x.rows(), 1);
        w.requireShape(1, x.columns());
        forward.arguments()
                .tensor(y)
                .tensor(rstd)
                .tensor(x)
                .tensor(w)
                .integer(x.columns())
                .number(epsilon)
                .launch(x.rows(), THREADS);
    }

    void backward(CudaTensor dx, CudaTensor dy, CudaTensor x, CudaTensor w, CudaTensor rstd) {
        dx.requireShapeOf(x);
        dy.requireShapeOf(x);
        w.requireShape(1, x.columns());
        rstd.requireShape(x.rows(), 1);
        backward.arguments()
                .tensor(dx)
                .tensor(dy)
                .tensor(x)
                .tensor(w)
                .tensor(rstd)
                .integer(x.columns())
                .launch(x.rows(), THREADS);
    }

    void weightBackward(CudaTensor dw, CudaTensor dy, CudaTensor x, CudaTensor rstd) {
        dw.requireShape(1, x.columns());
        dy.requireShapeOf(x);
        rstd.requireShape(x.rows(), 1);
        weightBackward
                .arguments()
                .tensor(dw)
                .tensor(dy)
                .tensor(x)
                .tensor(rstd)
                .integer(x.rows())
                .integer(x.columns())
                .launch(Math.ceilDiv(x.columns(), COLUMN_THREADS), COLUMN_THREADS);
    }
}
