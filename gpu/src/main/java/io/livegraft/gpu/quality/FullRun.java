package io.livegraft.gpu.quality;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.model.ModelDirectory;
import io.livegraft.gpu.training.ExampleBatches;
import io.livegraft.gpu.training.FullTraining;
import io.livegraft.gpu.training.TrainingExample;
import io.livegraft.gpu.transformer.GradientCheckpointing;
import java.util.List;

/** Full fine-tuning: the baseline of adapters. */
final class FullRun {
    private FullRun() {}

    static Scores train(
            Backend backend, ModelDirectory base, List<TrainingExample> examples, QualitySettings settings, long seed) {
        FullTraining training = FullTraining.from(backend, base, GradientCheckpointing.NONE);
        ExampleBatches<TrainingExample> batches = ExampleBatches.ofTokens(examples, settings.batchTokens(), seed);
        for (int step = 0; step < settings.steps(); step++) {
            training.step(batches.next(), settings.fullOptimizer(), settings.sliceTokens());
        }
        return new Scores(scored -> training.evaluate(scored, settings.sliceTokens()));
    }
}
