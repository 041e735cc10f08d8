package io.livegraft.gpu.training;

import io.livegraft.gpu.lora.LoraAdapter;
import io.livegraft.gpu.optimizer.OptimizerSettings;
import java.util.List;
import java.util.Optional;

/**
 * One optimizer step of one adapter, not yet done: what it will be is a pure function of this.
 *
 * @param inputs at least one, in order, of the kind that the loss takes
 * @param reference frozen version that preference losses compare with; without one it is the base, the adapter switched off
 * @param seed of the training, for dropout; the same for all its steps
 */
public record StepPlan(
        TrainingState state,
        List<TrainingInput> inputs,
        Loss loss,
        Optional<LoraAdapter> reference,
        OptimizerSettings optimizer,
        long seed) {
    public StepPlan {
        inputs = List.copyOf(inputs);
    }

    /** Imitation of all examples. */
    public static StepPlan supervised(
            TrainingState state, List<TrainingExample> examples, OptimizerSettings optimizer, long seed) {
        return new StepPlan(state, TrainingInput.supervised(examples), new Sft(), Optional.empty(), optimizer, seed);
    }
}
