package io.livegraft.gpu.training;

import io.livegraft.gpu.TinyModel;
import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.lora.LoraAdapter;
import io.livegraft.gpu.lora.LoraConfig;
import io.livegraft.gpu.model.ModelConfig;
import io.livegraft.gpu.tensor.ParameterLayout;
import io.livegraft.gpu.training.LossTerms.Term;
import io.livegraft.gpu.transformer.AdapterTensors;
import io.livegraft.gpu.transformer.GradientCheckpointing;
import io.livegraft.gpu.transformer.Transformer;
import io.livegraft.gpu.transformer.TransformerWeights;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.DoubleSupplier;

/** One step's loss on a tiny model, and everything that is trained by it. */
final class TinyTraining {
    /** Trained values and their gradients, both (1,P) in the layout. */
    record Arena(ParameterLayout layout, Tensor values, Tensor gradients) {}

    private static final int SLICE_TOKENS = 16;

    private final Backend backend;
    private final Transformer transformer;
    private final Transformer reference;
    private final LossTask task;
    private final List<Arena> trained = new ArrayList<>();

    /** All weights are trained, and with them an adapter where there is one. */
    static TinyTraining ofWeights(
            Backend backend,
            ModelConfig config,
            Optional<LoraConfig> lora,
            Loss loss,
            GradientCheckpointing checkpointing) {
        Arena weights = weights(backend, config, 3, 0.35);
        TinyTraining training =
                new TinyTraining(backend, transformer(backend, config, weights, checkpointing), lora, loss);
        training.trained.add(weights);
        return training;
    }

    /** The adapter alone is trained, on these weights. */
    static TinyTraining ofAdapter(Backend backend, TransformerWeights frozen, LoraConfig lora, Loss loss) {
        return new TinyTraining(backend, new Transformer(backend, frozen), Optional.of(lora), loss);
    }

    private TinyTraining(Backend backend, Transformer transformer, Optional<LoraConfig> lora, Loss loss) {
        ModelConfig config = transformer.config();
        this.backend = backend;
        this.transformer = transformer;
        // Another, more extreme base, so that log-ratios and KTO's divergence begin above zero.
        this.reference = transformer(backend, config, weights(backend, config, 4, 0.7), GradientCheckpointing.NONE);
        Optional<AdapterTensors> policy = lora.map(one -> adapter(LoraAdapter.initial(one, config, 5)));
        this.task = new LossTask(
                TinyFeedback.inputs(loss), loss, policy, Optional.empty(), new LossStatistics(0.2, 3, 0), 41, 7);
    }

    private static Arena weights(Backend backend, ModelConfig config, long seed, double deviation) {
        ParameterLayout layout = TransformerWeights.layout(config);
        float[] values = TinyModel.gaussian(new Random(seed), layout.size(), deviation);
        return new Arena(layout, backend.upload(values, 1, layout.size()), backend.allocate(1, layout.size()));
    }

    private static Transformer transformer(
            Backend backend, ModelConfig config, Arena weights, GradientCheckpointing checkpointing) {
        return new Transformer(
                backend,
                TransformerWeights.trained(backend, config, weights.values(), weights.gradients()),
                checkpointing);
    }

    /** B is not zero, so that every gradient is alive. */
    private AdapterTensors adapter(LoraAdapter initial) {
        float[] values = TinyModel.gaussian(new Random(6), initial.layout().size(), 0.2);
        AdapterTensors tensors = AdapterTensors.forTraining(backend, initial.withValues(values));
        trained.add(new Arena(
                initial.layout(),
                tensors.values().orElseThrow(),
                tensors.gradients().orElseThrow()));
        return tensors;
    }

    List<Arena> trained() {
        return trained;
    }

    /** Fills all gradients as a training step does. */
    LossReport backward() {
        return new LossPass(backend, transformer, reference, List.of(task), SLICE_TOKENS)
                .finish()
                .getFirst();
    }

    /** The loss as a function of what is trained alone: the reference and the statistics (z, δ) stay as they are now. */
    DoubleSupplier loss() {
        LossScores scores = new LossScores(task, transformer.config().maxPositions());
        double[] frozenReference = score(reference, scores.reference());
        double[] frozenPolicy = score(transformer, scores.policy());
        return () -> {
            LossTerms terms = scores.terms(frozenReference, frozenPolicy);
            for (Term term : terms.terms()) {
                term.complete(score(transformer, term.sequences()));
            }
            return terms.report().loss();
        };
    }

    private double[] score(Transformer scorer, List<ScoredSequence> sequences) {
        return sequences.isEmpty() ? new double[0] : SequencePass.score(backend, scorer, sequences);
    }
}
