package io.livegraft.gpu.training;

import io.livegraft.gpu.lora.LoraAdapter;
import io.livegraft.gpu.optimizer.Moments;

/**
 * Everything that the next step of one adapter depends on, besides its examples.
 *
 * @param adapter current values
 * @param moments AdamW's, in the adapter's layout; a step keeps them in the form that its settings ask for
 * @param statistics what losses remember
 * @param step optimizer steps taken
 */
public record TrainingState(LoraAdapter adapter, Moments moments, LossStatistics statistics, long step) {
    public static TrainingState initial(LoraAdapter adapter) {
        return new TrainingState(adapter, Moments.zero(adapter.layout().size()), LossStatistics.NONE, 0);
    }
}
