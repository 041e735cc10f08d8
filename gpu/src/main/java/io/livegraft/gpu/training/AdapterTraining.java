package io.livegraft.gpu.training;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.lora.LoraAdapter;
import io.livegraft.gpu.optimizer.AdamW;
import io.livegraft.gpu.optimizer.OptimizerSettings;
import io.livegraft.gpu.transformer.AdapterTensors;
import io.livegraft.gpu.transformer.Transformer;
import java.util.List;
import java.util.Optional;

/**
 * One optimizer step of one adapter: slices of forward and backward, then clipping and AdamW. A pure function of the state,
 * the examples in their order and the settings; how it is sliced does not show in the result.
 */
public final class AdapterTraining implements SlicedWork<StepResult> {
    private final Backend backend;
    private final SftPass pass;
    private final TrainingState state;
    private final OptimizerSettings optimizer;
    private final List<List<TrainingExample>> slices;
    private final AdapterTensors adapter;
    private final Tensor gradients;
    private final long targetTokens;
    private int next;
    private double nll;
    private Optional<StepResult> result = Optional.empty();

    public AdapterTraining(
            Backend backend,
            Transformer transformer,
            TrainingState state,
            List<TrainingExample> examples,
            OptimizerSettings optimizer,
            int sliceTokens) {
        if (examples.isEmpty()) {
            throw new IllegalArgumentException("a step needs at least one example");
        }
        this.backend = backend;
        this.pass = new SftPass(backend, transformer);
        this.state = state;
        this.optimizer = optimizer;
        this.slices = ExampleSlices.cut(examples, sliceTokens);
        this.adapter = AdapterTensors.forTraining(backend, state.adapter());
        this.gradients = adapter.gradients().orElseThrow();
        this.targetTokens =
                examples.stream().mapToLong(TrainingExample::targetTokens).sum();
    }

    @Override
    public boolean advance() {
        if (next < slices.size()) {
            nll += pass.accumulate(slices.get(next++), Optional.of(adapter), 1f / targetTokens);
        } else if (result.isEmpty()) {
            result = Optional.of(update());
        }
        return result.isPresent();
    }

    @Override
    public StepResult result() {
        return result.orElseThrow(() -> new IllegalStateException("the step is not done"));
    }

    private StepResult update() {
        double norm = Math.sqrt(backend.sumOfSquares(gradients));
        LoraAdapter before = state.adapter();
        AdamW adamW = AdamW.of(backend, before.layout(), state.moments(), optimizer.moments());
        adamW.step(adapter.values(), gradients, optimizer, state.step(), norm);
        float[] values = new float[before.layout().size()];
        backend.download(values, adapter.values());
        LoraAdapter after = before.withValues(values);
        return new StepResult(
                new TrainingState(after, adamW.moments(), state.step() + 1), nll / targetTokens, targetTokens, norm);
    }
}
