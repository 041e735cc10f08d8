package io.livegraft.gpu.training;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.Phase;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.backend.Workspace;
import io.livegraft.gpu.transformer.Transformer;
import java.util.Arrays;
import java.util.function.ObjIntConsumer;

/**
 * Negative log-likelihood of targets by the head, and its gradient, a few rows at a time: the logits of a chunk become their own
 * gradient and go back through the head before the next chunk's are there. Rows are independent and their likelihoods are summed
 * in order, so that chunks don't change a bit.
 */
final class HeadLoss {
    /**
     * With a vocabulary of 49,152 and bfloat16 kernels, a tenth slower than 512 rows at once, in 50 MB; half as many rows lose
     * another fifth, since every chunk reads the whole head.
     */
    static final int CHUNK_ROWS = 256;

    private final Backend backend;
    private final Transformer transformer;
    private final int chunkRows;

    HeadLoss(Backend backend, Transformer transformer, int chunkRows) {
        this.backend = backend;
        this.transformer = transformer;
        this.chunkRows = chunkRows;
    }

    /**
     * Forward only.
     *
     * @param hidden (N,C)
     * @param targets N, what each row predicts
     * @return the sum over all rows, nats
     */
    double nll(Tensor hidden, int[] targets) {
        return chunks(hidden, targets, chunkRows, 0, (dLogits, from) -> {});
    }

    /**
     * The same bits as {@link #nll}, and {@code dHidden (N,C) += gradientScale · d nll / d hidden}. A head that is trained takes
     * all rows as one chunk, since its own gradient is a sum over them.
     */
    double backward(Tensor dHidden, Tensor hidden, int[] targets, float gradientScale) {
        int rows = transformer.trainsHead() ? targets.length : chunkRows;
        return chunks(
                hidden,
                targets,
                rows,
                gradientScale,
                (dLogits, from) -> transformer.logitsBackward(
                        backend.rows(dHidden, from, dLogits.rows()),
                        dLogits,
                        backend.rows(hidden, from, dLogits.rows())));
    }

    private double chunks(
            Tensor hidden, int[] targets, int rows, float gradientScale, ObjIntConsumer<Tensor> gradient) {
        try (Workspace workspace = backend.workspace();
                var _ = workspace.use()) {
            int most = Math.min(rows, targets.length);
            return chunks(
                    backend.allocateUnset(most, transformer.config().vocabSize()),
                    hidden,
                    targets,
                    gradientScale,
                    gradient);
        }
    }

    private double chunks(
            Tensor room, Tensor hidden, int[] targets, float gradientScale, ObjIntConsumer<Tensor> gradient) {
        int most = room.rows();
        double sum = 0;
        for (int from = 0; from < targets.length; from += most) {
            int count = Math.min(most, targets.length - from);
            Tensor logits = backend.rows(room, 0, count);
            transformer.logits(logits, backend.rows(hidden, from, count), Phase.TRAINING);
            for (double nll :
                    backend.crossEntropy(logits, Arrays.copyOfRange(targets, from, from + count), gradientScale)) {
                sum += nll;
            }
            gradient.accept(logits, from);
        }
        return sum;
    }
}
