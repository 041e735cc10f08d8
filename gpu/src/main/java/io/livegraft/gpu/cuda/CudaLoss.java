package io.livegraft.gpu.cuda;

import io.livegraft.gpu.backend.LargestLogits;
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

    LargestLogits largest(CudaTensor logits) {
        int rows = logits.rows();
        try (Workspace.Scope _ = device.workspaces().scratch()) {
            CudaTensor ids = device.workspaces().unset(rows, 1);
            CudaTensor values = device.workspaces().unset(rows, 1);
            largest.arguments()
                    .tensor(ids)
                    .tensor(values)
                    .tensor(logits)
                    .integer(logits.columns())
                    .launch(rows, THREADS);
            LargestLogits found = new LargestLogits(new int[rows], new float[rows]);
            device.download(MemorySegment.ofArray(found.ids()), ids.address());
            device.download(MemorySegment.ofArray(found.values()), values.address());
            return found;
        }
    }

    private CudaTensor doubles(int count) {
        return device.workspaces().unset(count, 2);
    }
}
