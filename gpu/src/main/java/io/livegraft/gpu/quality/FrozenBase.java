package io.livegraft.gpu.quality;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.lora.LoraAdapter;
import io.livegraft.gpu.model.ModelConfig;
import io.livegraft.gpu.model.ModelDirectory;
import io.livegraft.gpu.tensor.Precision;
import io.livegraft.gpu.training.AdapterTraining;
import io.livegraft.gpu.training.Evaluation;
import io.livegraft.gpu.training.ExampleBatches;
import io.livegraft.gpu.training.StepPlan;
import io.livegraft.gpu.training.TrainingExample;
import io.livegraft.gpu.training.TrainingState;
import io.livegraft.gpu.transformer.AdapterTensors;
import io.livegraft.gpu.transformer.GradientCheckpointing;
import io.livegraft.gpu.transformer.Segment;
import io.livegraft.gpu.transformer.Transformer;
import io.livegraft.gpu.transformer.TransformerWeights;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** A base in one precision: scored, measured, and trained upon. */
record FrozenBase(Backend backend, TransformerWeights weights, Transformer transformer, int sliceTokens) {
    static FrozenBase load(Backend backend, ModelDirectory base, Precision precision, int sliceTokens) {
        TransformerWeights weights = TransformerWeights.frozen(backend, base, precision);
        return new FrozenBase(backend, weights, new Transformer(backend, weights), sliceTokens);
    }

    Footprint footprint() {
        return Footprint.of(weights);
    }

    /** Of the base alone. */
    Scores scores() {
        return scores(Optional.empty());
    }

    Scores scores(LoraAdapter adapter) {
        return scores(Optional.of(transformer.stage(adapter)));
    }

    private Scores scores(Optional<AdapterTensors> adapter) {
        return new Scores(examples -> new Evaluation(backend, transformer, adapter, examples, sliceTokens).finish());
    }

    LoraAdapter train(ModelConfig config, List<TrainingExample> examples, QualitySettings settings, long seed) {
        TrainingState state = TrainingState.initial(LoraAdapter.initial(settings.lora(), config, seed));
        ExampleBatches<TrainingExample> batches = ExampleBatches.ofTokens(examples, settings.batchTokens(), seed);
        for (int step = 0; step < settings.steps(); step++) {
            StepPlan plan = StepPlan.supervised(state, batches.next(), settings.adapterOptimizer(), seed);
            state = new AdapterTraining(backend, transformer, plan, sliceTokens)
                    .finish()
                    .state();
        }
        return state.adapter();
    }

    /** Kept by a recorded pass over these rows. */
    long activationBytes(List<TrainingExample> slice) {
        return bytes(transformer, slice);
    }

    /** The same with full gradient checkpointing. */
    long checkpointedBytes(List<TrainingExample> slice) {
        return bytes(new Transformer(backend, weights, GradientCheckpointing.FULL), slice);
    }

    private static long bytes(Transformer transformer, List<TrainingExample> slice) {
        List<Segment> segments = slice.stream()
                .map(example -> Segment.whole(example.tokens(), Optional.empty(), OptionalLong.empty()))
                .toList();
        return transformer.record(segments).bytes();
    }
}
