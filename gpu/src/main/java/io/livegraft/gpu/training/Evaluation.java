package io.livegraft.gpu.training;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.transformer.AdapterTensors;
import io.livegraft.gpu.transformer.Transformer;
import java.util.List;
import java.util.Optional;

/**
 * Mean negative log-likelihood per target token of some examples, nats; slice by slice, without dropout. No examples are an
 * {@link IllegalArgumentException}.
 */
public final class Evaluation implements SlicedWork<Double> {
    private final ScoringPass pass;
    private final long targetTokens;

    public Evaluation(
            Backend backend,
            Transformer transformer,
            Optional<AdapterTensors> adapter,
            List<TrainingExample> examples,
            int sliceTokens) {
        if (examples.isEmpty()) {
            throw new IllegalArgumentException("an evaluation needs at least one example");
        }
        List<ScoredSequence> sequences = examples.stream()
                .map(example -> ScoredSequence.exact(example, adapter))
                .toList();
        this.pass = new ScoringPass(backend, transformer, sequences, sliceTokens);
        this.targetTokens =
                examples.stream().mapToLong(TrainingExample::targetTokens).sum();
    }

    @Override
    public boolean advance() {
        return pass.advance();
    }

    @Override
    public Double result() {
        double sum = 0;
        for (double logProbability : pass.result()) {
            sum += logProbability;
        }
        return -sum / targetTokens;
    }
}
