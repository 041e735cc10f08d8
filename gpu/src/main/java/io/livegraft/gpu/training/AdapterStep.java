package io.livegraft.gpu.training;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.lora.LoraAdapter;
import io.livegraft.gpu.optimizer.AdamW;
import io.livegraft.gpu.transformer.AdapterTensors;
import java.util.Optional;

/**
 * One adapter on the device for the length of a step: its gradients are gathered, then it is updated. It is made, and updated, in a
 * workspace that lives as long.
 */
final class AdapterStep {
    private final Backend backend;
    private final StepPlan plan;
    private final AdapterTensors adapter;

    AdapterStep(Backend backend, StepPlan plan) {
        this.backend = backend;
        this.plan = plan;
        this.adapter = AdapterTensors.forTraining(backend, plan.state().adapter());
    }

    LossTask task() {
        return new LossTask(
                plan.inputs(),
                plan.loss(),
                Optional.of(adapter),
                plan.reference().map(reference -> AdapterTensors.forServing(backend, reference)),
                plan.state().statistics(),
                plan.seed(),
                plan.state().step());
    }

    /** Clipping and AdamW, once the gradients are complete. */
    StepResult update(LossReport report) {
        Tensor gradients = adapter.gradients().orElseThrow();
        double norm = Math.sqrt(backend.sumOfSquares(gradients));
        TrainingState before = plan.state();
        LoraAdapter old = before.adapter();
        try (var _ = backend.temporaries()) { // moments go before the next adapter's come
            AdamW adamW = AdamW.of(
                    backend, old.layout(), before.moments(), plan.optimizer().moments());
            adamW.step(adapter.values().orElseThrow(), gradients, plan.optimizer(), before.step(), norm);
            float[] values = new float[old.layout().size()];
            backend.download(values, adapter.values().orElseThrow());
            TrainingState after =
                    new TrainingState(old.withValues(values), adamW.moments(), report.statistics(), before.step() + 1);
            return new StepResult(after, report.loss(), report.targetTokens(), norm, report.rewards());
        }
    }
}
