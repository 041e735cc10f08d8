package io.livegraft.gpu.training;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.model.ModelConfig;
import io.livegraft.gpu.model.ModelDirectory;
import io.livegraft.gpu.optimizer.AdamW;
import io.livegraft.gpu.optimizer.Moments;
import io.livegraft.gpu.optimizer.OptimizerSettings;
import io.livegraft.gpu.tensor.HostTensor;
import io.livegraft.gpu.tensor.ParameterLayout;
import io.livegraft.gpu.transformer.GradientCheckpointing;
import io.livegraft.gpu.transformer.Transformer;
import io.livegraft.gpu.transformer.TransformerWeights;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SplittableRandom;

/**
 * Trains every weight of a small base in float32: how the bundled base is made, and the baseline of QLoRA. Besides activations it
 * holds values, gradients and both moments of all P parameters, 16·P bytes with float32 moments.
 */
public final class FullTraining {
    private final Backend backend;
    private final ModelConfig config;
    private final ParameterLayout layout;
    private final Tensor values;
    private final Tensor gradients;
    private final Transformer transformer;
    private Optional<Transformer> reference = Optional.empty();
    private LossStatistics statistics = LossStatistics.NONE;
    private Optional<AdamW> adamW = Optional.empty();
    private long steps;

    private FullTraining(Backend backend, ModelConfig config, float[] initial, GradientCheckpointing checkpointing) {
        this.backend = backend;
        this.config = config;
        this.layout = TransformerWeights.layout(config);
        this.values = backend.upload(initial, 1, layout.size());
        this.gradients = backend.allocate(1, layout.size());
        this.transformer =
                new Transformer(backend, TransformerWeights.trained(backend, config, values, gradients), checkpointing);
    }

    /**
     * Fresh weights: norms 1, biases 0, matrices N(0, 0.02²), those that write into the residual stream N(0, 0.02²/(2·layers))
     * as GPT-2 does.
     */
    public static FullTraining fromScratch(
            Backend backend, ModelConfig config, long seed, GradientCheckpointing checkpointing) {
        ParameterLayout layout = TransformerWeights.layout(config);
        float[] initial = new float[layout.size()];
        SplittableRandom random = new SplittableRandom(seed);
        for (ParameterLayout.Entry entry : layout.entries()) {
            if (entry.name().endsWith(".bias")) {
                continue;
            }
            boolean residual = entry.name().contains("o_proj") || entry.name().contains("down_proj");
            double deviation = residual ? 0.02 / Math.sqrt(2.0 * config.layers()) : 0.02;
            for (int i = 0; i < entry.size(); i++) {
                boolean norm = entry.name().contains("norm");
                initial[entry.offset() + i] = norm ? 1f : (float) (random.nextGaussian() * deviation);
            }
        }
        return new FullTraining(backend, config, initial, checkpointing);
    }

    /** Goes on from the weights of a base. */
    public static FullTraining from(Backend backend, ModelDirectory base, GradientCheckpointing checkpointing) {
        ParameterLayout layout = TransformerWeights.layout(base.config());
        float[] initial = new float[layout.size()];
        for (ParameterLayout.Entry entry : layout.entries()) {
            System.arraycopy(base.tensor(entry.name()).values(), 0, initial, entry.offset(), entry.size());
        }
        return new FullTraining(backend, base.config(), initial, checkpointing);
    }

    /** Keeps a copy of the weights as they are now: the reference of preference losses from here on. */
    public void freezeReference() {
        Tensor copy = backend.allocate(1, layout.size());
        backend.add(copy, values);
        // its gradients are never computed, so the arena is there in name only
        reference = Optional.of(new Transformer(backend, TransformerWeights.trained(backend, config, copy, gradients)));
    }

    /**
     * One optimizer step.
     *
     * @param loss a preference loss needs {@link #freezeReference()} before
     * @return the loss before the step
     */
    public LossReport step(List<TrainingInput> inputs, Loss loss, OptimizerSettings optimizer, int sliceTokens) {
        Transformer compared =
                switch (loss) {
                    case Sft _ -> transformer;
                    case PreferenceLoss _ ->
                        reference.orElseThrow(() -> new IllegalStateException("there is no frozen reference"));
                };
        backend.zero(gradients);
        LossTask task = new LossTask(inputs, loss, Optional.empty(), Optional.empty(), statistics, 0, steps);
        LossReport report = new LossPass(backend, transformer, compared, List.of(task), sliceTokens)
                .finish()
                .getFirst();
        double norm = Math.sqrt(backend.sumOfSquares(gradients));
        adamW(optimizer).step(values, gradients, optimizer, steps, norm);
        statistics = report.statistics();
        steps++;
        return report;
    }

    /** One step of supervised fine-tuning; returns the mean loss per target token before it, nats. */
    public double step(List<TrainingExample> examples, OptimizerSettings optimizer, int sliceTokens) {
        return step(TrainingInput.supervised(examples), new Sft(), optimizer, sliceTokens)
                .loss();
    }

    /** The first step's settings say how moments are kept; they are not there before it. */
    private AdamW adamW(OptimizerSettings optimizer) {
        AdamW used = adamW.orElseGet(() -> AdamW.of(backend, layout, Moments.zero(layout.size()), optimizer.moments()));
        adamW = Optional.of(used);
        return used;
    }

    /** Mean loss per target token on these examples, nats. */
    public double evaluate(List<TrainingExample> examples, int sliceTokens) {
        return new Evaluation(backend, transformer, Optional.empty(), examples, sliceTokens).finish();
    }

    /** The weights as a checkpoint holds them. */
    public SequencedMap<String, HostTensor> tensors() {
        float[] all = new float[layout.size()];
        backend.download(all, values);
        SequencedMap<String, HostTensor> tensors = new LinkedHashMap<>();
        for (ParameterLayout.Entry entry : layout.entries()) {
            float[] copy = Arrays.copyOfRange(all, entry.offset(), entry.offset() + entry.size());
            boolean vector =
                    entry.name().endsWith("norm.weight") || entry.name().endsWith(".bias");
            tensors.put(
                    entry.name(),
                    vector ? HostTensor.vector(copy) : HostTensor.matrix(entry.rows(), entry.columns(), copy));
        }
        return tensors;
    }

    public int parameters() {
        return layout.size();
    }

    public ModelConfig config() {
        return config;
    }
}
