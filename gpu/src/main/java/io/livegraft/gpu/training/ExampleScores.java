package io.livegraft.gpu.training;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.SlicedWork;
import io.livegraft.gpu.transformer.AdapterTensors;
import io.livegraft.gpu.transformer.Transformer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Log-probability of each example's targets, nats, summed over its target tokens; slice by slice, without dropout. No examples
 * are an {@link IllegalArgumentException}.
 */
public final class ExampleScores implements SlicedWork<List<Double>> {
    private final ScoringPass pass;

    public ExampleScores(
            Backend backend,
            Transformer transformer,
            Optional<AdapterTensors> adapter,
            List<TrainingExample> examples,
            int sliceTokens) {
        if (examples.isEmpty()) {
            throw new IllegalArgumentException("scores need at least one example");
        }
        List<ScoredSequence> sequences = examples.stream()
                .map(example -> ScoredSequence.exact(example, adapter))
                .toList();
        this.pass = new ScoringPass(backend, transformer, sequences, sliceTokens);
    }

    @Override
    public boolean advance() {
        return pass.advance();
    }

    @Override
    public List<Double> result() {
        return Arrays.stream(pass.result()).boxed().toList();
    }
}
