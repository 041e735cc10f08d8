package io.livegraft.gpu.training;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.SlicedWork;
import io.livegraft.gpu.transformer.AdapterTensors;
import io.livegraft.gpu.transformer.Transformer;
import java.util.List;
import java.util.Optional;

/**
 * Mean negative log-likelihood per target token of some examples, nats; slice by slice, without dropout. No examples are an
 * {@link IllegalArgumentException}.
 */
public final class Evaluation implements SlicedWork<Double> {
    private final ExampleScores scores;
    private final long targetTokens;

    public Evaluation(
            Backend backend,
            Transformer transformer,
            Optional<AdapterTensors> adapter,
            List<TrainingExample> examples,
            int sliceTokens) {
        this.scores = new ExampleScores(backend, transformer, adapter, examples, sliceTokens);
        this.targetTokens =
                examples.stream().mapToLong(TrainingExample::targetTokens).sum();
    }

    @Override
    public boolean advance() {
        return scores.advance();
    }

    @Override
    public Double result() {
        double sum = 0;
        for (double logProbability : scores.result()) {
            sum += logProbability;
        }
        return -sum / targetTokens;
    }
}
