package io.livegraft.gpu.training;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.transformer.AdapterTensors;
import io.livegraft.gpu.transformer.Transformer;
import java.util.List;
import java.util.Optional;

/** Mean negative log-likelihood per target token of some examples, nats; slice by slice. */
public final class Evaluation implements SlicedWork<Double> {
    private final SftPass pass;
    private final Optional<AdapterTensors> adapter;
    private final List<List<TrainingExample>> slices;
    private final long targetTokens;
    private int next;
    private double nll;

    public Evaluation(
            Backend backend,
            Transformer transformer,
            Optional<AdapterTensors> adapter,
            List<TrainingExample> examples,
            int sliceTokens) {
        if (examples.isEmpty()) {
            throw new IllegalArgumentException("an evaluation needs at least one example");
        }
        this.pass = new SftPass(backend, transformer);
        this.adapter = adapter;
        this.slices = ExampleSlices.cut(examples, sliceTokens);
        this.targetTokens =
                examples.stream().mapToLong(TrainingExample::targetTokens).sum();
    }

    @Override
    public boolean advance() {
        if (next < slices.size()) {
            nll += pass.evaluate(slices.get(next++), adapter);
        }
        return next == slices.size();
    }

    @Override
    public Double result() {
        if (next < slices.size()) {
            throw new IllegalStateException("the evaluation is not done");
        }
        return nll / targetTokens;
    }
}
