package io.livegraft.gpu.training;

import io.livegraft.gpu.lora.LoraAdapter;

/**
 * Everything that the next step of one adapter depends on, besides its examples.
 *
 * @param adapter current values
 * @param firstMoment AdamW m, in the adapter's layout
 * @param secondMoment AdamW v, in the adapter's layout
 * @param step optimizer steps taken
 */
public record TrainingState(LoraAdapter adapter, float[] firstMoment, float[] secondMoment, long step) {
    public static TrainingState initial(LoraAdapter adapter) {
        int size = adapter.layout().size();
        return new TrainingState(adapter, new float[size], new float[size], 0);
    }
}
