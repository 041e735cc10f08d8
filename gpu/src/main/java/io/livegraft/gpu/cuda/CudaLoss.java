package io.livegraft.gpu.cuda;

import io.livegraft.gpu.backend.Workspace;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** What is read off logits; formulas: {@code Backend.crossEntropy}, kernels: loss.cu. */
final class CudaLoss {
    private static final int THREADS = 256;

    private final CudaDevice device;
    private final CudaKernel crossEntropy;
    private final CudaKernel logSumExp;
    private final CudaKernel largest;

    CudaLoss(CudaDevice device) {
        this.device = device;
        this.crossEntropy = device.kernel("loss", "cross_entropy");
        this.logSumExp = device.kernel("loss", "log_sum_exp");
        this.largest = device.kernel("loss", "largest_logit");
    }

    double[] crossEntropy(CudaTensor logits, int[] targets, float gradientScale) {
        logits.requireShape(targets.length, logits.columns());
        if (Arrays.stream(targets).anyMatch(target -> target < -1 || target >= logits.columns())) {
            throw new IllegalArgumentException(
                    "a target of %s is no id of %d and not -1".formatted(Arrays.toString(targets), logits.columns()));
        }
        try (Workspace.Scope _ = device.workspaces().scratch()) {
            CudaTensor nll = doubles(logits.rows());
            crossEntropy
                    .arguments()
                    .tensor(logits)
                    .tensor(nll)
                    .address(device.ints(targets))
                    .integer(logits.columns())
                    .number(gradientScale)
                    .launch(logits.rows(), THREADS);
            return device.doubles(nll.address(), logits.rows());
        }
    }

    double[] logSumExp(CudaTensor logits) {
        try (Workspace.Scope _ = device.workspaces().scratch()) {
            CudaTensor sums = doubles(logits.rows());
            logSumExp
                    .arguments()
                    .tensor(sums)
                    .tensor(logits)
                    .integer(logits.columns())
                    .launch(logits.rows(), THREADS);
            return device.doubles(sums.address(), logits.rows());
        }
    }

    /** The id of each row's largest logit, the lowest of equal ones. */
    int[] largest(CudaTensor logits) {
        try (Workspace.Scope _ = device.workspaces().scratch()) {
            CudaTensor ids = device.workspaces().unset(logits.rows(), 1);
            largest.arguments()
                    .tensor(ids)
                    .tensor(logits)
                    .integer(logits.columns())
                    .launch(logits.rows(), THREADS);
            int[] found = new int[logits.rows()];
            device.download(MemorySegment.ofArray(found), ids.address());
            return found;
        }
    }

    private CudaTensor doubles(int count) {
        return device.workspaces().unset(count, 2);
    }
}
