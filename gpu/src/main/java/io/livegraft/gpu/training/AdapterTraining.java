package io.livegraft.gpu.training;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.SlicedWork;
import io.livegraft.gpu.transformer.Transformer;
import java.util.List;

/**
 * One optimizer step of one adapter, a cycle of its own. A pure function of the plan; how it is sliced does not show in the
 * result.
 */
public final class AdapterTraining implements SlicedWork<StepResult> {
    private final TrainingCycle cycle;

    public AdapterTraining(Backend backend, Transformer transformer, StepPlan plan, int sliceTokens) {
        this.cycle = new TrainingCycle(backend, transformer, List.of(plan), sliceTokens);
    }

    @Override
    public boolean advance() {
        return cycle.advance();
    }

    @Override
    public StepResult result() {
        return cycle.result().getFirst();
    }
}
