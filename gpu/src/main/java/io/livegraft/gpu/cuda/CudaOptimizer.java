package io.livegraft.gpu.cuda;

import io.livegraft.gpu.backend.AdamWStep;
import io.livegraft.gpu.backend.Workspace;

/** AdamW and the norm it is clipped by; formulas: {@code Backend.adamW}, kernels: optimizer.cu. */
final class CudaOptimizer {
    private static final int THREADS = 256;
    /** Elements whose squares one block adds up. */
    private static final int PIECE = 16_384;

    private final CudaDevice device;
    private final CudaKernel adamW;
    private final CudaKernel squares;
    private final CudaKernel sumOfParts;

    CudaOptimizer(CudaDevice device) {
        this.device = device;
        this.adamW = device.kernel("optimizer", "adamw");
        this.squares = device.kernel("optimizer", "squares");
        this.sumOfParts = device.kernel("optimizer", "sum_of_parts");
    }

    void adamW(CudaTensor p, CudaTensor m, CudaTensor v, CudaTensor g, AdamWStep step) {
        m.requireShapeOf(p);
        v.requireShapeOf(p);
        g.requireShapeOf(p);
        constants(adamW.arguments().tensor(p).tensor(m).tensor(v).tensor(g).wide(p.size()), step)
                .launch(CudaElements.blocks(p.size()), THREADS);
    }

    /** Rounded once each, as the CPU's. */
    private static CudaKernel constants(CudaKernel kernel, AdamWStep step) {
        return kernel.number((float) step.beta1())
                .number((float) (1 - step.beta1()))
                .number((float) step.beta2())
                .number((float) (1 - step.beta2()))
                .number((float) (1 - step.learningRate() * step.weightDecay()))
                .number((float) (step.learningRate() / step.firstCorrection()))
                .number((float) (1 / Math.sqrt(step.secondCorrection())))
                .number((float) step.epsilon())
                .number((float) step.gradientScale());
    }

    double sumOfSquares(CudaTensor x) {
        int parts = Math.toIntExact(Math.max(1, Math.ceilDiv(x.size(), PIECE)));
        try (Workspace.Scope _ = device.workspaces().scratch()) {
            CudaTensor sums = device.workspaces().unset(parts, 2);
            squares.arguments().tensor(sums).tensor(x).wide(x.size()).launch(parts, THREADS);
            sumOfParts.arguments().tensor(sums).integer(parts).launch(1, THREADS);
            return device.doubles(sums.address(), 1)[0];
        }
    }
}
