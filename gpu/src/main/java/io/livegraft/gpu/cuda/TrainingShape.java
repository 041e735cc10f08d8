package io.livegraft.gpu.cuda;

import io.livegraft.gpu.lora.LoraAdapter;
import io.livegraft.gpu.lora.LoraConfig;
import io.livegraft.gpu.model.ModelConfig;
import io.livegraft.gpu.optimizer.MomentPrecision;
import io.livegraft.gpu.tensor.BasePrecision;
import io.livegraft.gpu.tensor.ParameterLayout;

/**
 * What a training step is to be planned for: one adapter on all linear kinds, without dropout, beside a frozen base.
 *
 * @param rank of the adapter
 * @param sliceTokens N, rows of a slice
 * @param sequences that share a slice, of equal length
 */
public record TrainingShape(
        ModelConfig config,
        BasePrecision precision,
        int rank,
        MomentPrecision moments,
        int sliceTokens,
        int sequences) {
    public TrainingShape {
        if (rank < 1 || sequences < 1 || sliceTokens < sequences) {
            throw new IllegalArgumentException(
                    "rank %d and sequences %d must be at least 1, slice tokens %d at least as many as sequences"
                            .formatted(rank, sequences, sliceTokens));
        }
    }

    /** Of the longest sequence. */
    int sequenceTokens() {
        return Math.ceilDiv(sliceTokens, sequences);
    }

    /** The adapter's. */
    ParameterLayout layout() {
        return LoraAdapter.layout(new LoraConfig(rank, rank, false, LoraConfig.ALL_LINEAR), config);
    }
}
