package io.livegraft.gpu.quality;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.cpu.CpuKernels;
import io.livegraft.gpu.cpu.VectorBackend;
import io.livegraft.gpu.lora.LoraAdapter;
import io.livegraft.gpu.model.ModelDirectory;
import io.livegraft.gpu.optimizer.MomentPrecision;
import io.livegraft.gpu.optimizer.Moments;
import io.livegraft.gpu.quality.QualityReport.Bytes;
import io.livegraft.gpu.quality.QualityReport.Damage;
import io.livegraft.gpu.quality.QualityReport.Outcome;
import io.livegraft.gpu.tensor.ParameterLayout;
import io.livegraft.gpu.tensor.Precision;
import io.livegraft.gpu.tokenizer.Tokenizer;
import io.livegraft.gpu.training.TrainingExample;
import io.livegraft.gpu.transformer.TransformerWeights;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Compares what is lost by quantizing a base, and what is reached by training on it: all variants see the same rows in the same
 * order and are measured on the same held-out rows.
 */
public final class QualityBench {
    private static final List<Precision> PRECISIONS = List.of(
            Precision.FP32,
            Precision.BF16,
            Precision.INT8,
            Precision.NF4,
            Precision.NF4_SINGLE,
            Precision.FP4,
            Precision.INT4);
    private static final int SAMPLED_TOKENS = 96;

    private final ModelDirectory base;
    private final QualitySettings settings;
    private final Consumer<String> progress;

    private QualityBench(ModelDirectory base, QualitySettings settings, Consumer<String> progress) {
        this.base = base;
        this.settings = settings;
        this.progress = progress;
    }

    /**
     * Runs everything.
     *
     * @param progress is told in a few words what has been done
     */
    public static QualityReport run(
            ModelDirectory base, QualityData data, QualitySettings settings, Consumer<String> progress) {
        CpuKernels kernels = settings.kernels().kernels();
        try (Backend backend = new VectorBackend(settings.threads(), kernels);
                Tokenizer tokenizer = Tokenizer.load(base.path(), base.config())) {
            Examples examples = Examples.of(data, tokenizer, base.config().maxPositions());
            QualityBench bench = new QualityBench(base, settings, progress);
            return new QualityReport(
                    kernels.description(), bench.damage(backend, examples), bench.outcomes(backend, examples));
        }
    }

    private List<Damage> damage(Backend backend, Examples examples) {
        List<Damage> damage = new ArrayList<>();
        FrozenBase exact = FrozenBase.load(backend, base, Precision.FP32, settings.sliceTokens());
        int length = Math.min(SAMPLED_TOKENS, base.config().maxPositions() - 1);
        List<TrainingExample> sampled =
                new SampledText(backend, exact.transformer()).draw(examples.start(), settings.sampledTexts(), length);
        List<Double> exactSampled = exact.scores().eachNll(sampled);
        double exactHeldOut = exact.scores().meanNll(examples.heldOut());
        for (Precision precision : PRECISIONS) {
            FrozenBase frozen = FrozenBase.load(backend, base, precision, settings.sliceTokens());
            double heldOut = frozen.scores().meanNll(examples.heldOut());
            Spread divergence = difference(frozen.scores().eachNll(sampled), exactSampled);
            damage.add(new Damage(
                    precision.toString(),
                    frozen.footprint().linearBytes(),
                    frozen.footprint().bitsPerWeight(),
                    heldOut,
                    heldOut / exactHeldOut - 1,
                    divergence.mean(),
                    divergence.deviation() / Math.sqrt(sampled.size())));
            progress.accept("base in %s: held-out NLL %.4f".formatted(precision, heldOut));
        }
        return damage;
    }

    private static Spread difference(List<Double> one, List<Double> other) {
        List<Double> differences = new ArrayList<>();
        for (int i = 0; i < one.size(); i++) {
            differences.add(one.get(i) - other.get(i));
        }
        return Spread.of(differences);
    }

    private List<Outcome> outcomes(Backend backend, Examples examples) {
        if (settings.seeds().isEmpty()) {
            return List.of();
        }
        List<Measured> measured = new ArrayList<>();
        for (Variant variant : Variant.values()) {
            measured.add(
                    variant.trainsAdapter() ? adapter(backend, variant, examples) : full(backend, variant, examples));
        }
        double lora = measured.stream()
                .filter(one -> one.variant() == Variant.LORA)
                .mapToDouble(one -> one.heldOut().mean())
                .sum();
        long parameters = TransformerWeights.layout(base.config()).size();
        return measured.stream().map(one -> one.outcome(lora, parameters)).toList();
    }

    private Measured adapter(Backend backend, Variant variant, Examples examples) {
        FrozenBase frozen = FrozenBase.load(backend, base, variant.precision(), settings.sliceTokens());
        List<Run> runs = new ArrayList<>();
        for (long seed : settings.seeds()) {
            long start = System.nanoTime();
            LoraAdapter trained = frozen.train(base.config(), examples.training(), settings, seed);
            double seconds = (System.nanoTime() - start) / 1e9;
            runs.add(measure(variant, seed, frozen.scores(trained), examples, seconds));
        }
        ParameterLayout layout = LoraAdapter.layout(settings.lora(), base.config());
        return new Measured(
                variant,
                runs,
                layout.size(),
                bytes(frozen.footprint().bytes(), 4L * layout.size(), layout, frozen, examples));
    }

    private Measured full(Backend backend, Variant variant, Examples examples) {
        ParameterLayout layout = TransformerWeights.layout(base.config());
        List<Run> runs = new ArrayList<>();
        for (long seed : settings.seeds()) {
            long start = System.nanoTime();
            Scores scores = FullRun.train(backend, base, examples.training(), settings, seed);
            double seconds = (System.nanoTime() - start) / 1e9;
            runs.add(measure(variant, seed, scores, examples, seconds));
        }
        FrozenBase frozen = FrozenBase.load(backend, base, variant.precision(), settings.sliceTokens());
        return new Measured(variant, runs, layout.size(), bytes(4L * layout.size(), 0, layout, frozen, examples));
    }

    private Bytes bytes(long model, long adapter, ParameterLayout trained, FrozenBase frozen, Examples examples) {
        return new Bytes(
                model,
                adapter,
                4L * trained.size(),
                Moments.bytes(MomentPrecision.FLOAT32, trained),
                Moments.bytes(MomentPrecision.BLOCKWISE8, trained),
                frozen.activationBytes(examples.slice(settings.sliceTokens())),
                frozen.checkpointedBytes(examples.slice(settings.sliceTokens())));
    }

    private Run measure(Variant variant, long seed, Scores scores, Examples examples, double seconds) {
        Run run = new Run(scores.meanNll(examples.heldOut()), scores.accuracy(examples.choices()), seconds);
        progress.accept("%s on %s, seed %d: held-out NLL %.4f%s in %.1f s"
                .formatted(
                        variant.method(),
                        variant.precision(),
                        seed,
                        run.heldOut(),
                        run.accuracy().map(", accuracy %.3f"::formatted).orElse(""),
                        seconds));
        return run;
    }

    /** One variant trained with one seed. */
    private record Run(double heldOut, Optional<Double> accuracy, double seconds) {}

    /** One variant with all seeds. */
    private record Measured(Variant variant, List<Run> runs, long trainable, Bytes bytes) {
        Spread heldOut() {
            return Spread.of(runs.stream().map(Run::heldOut).toList());
        }

        Outcome outcome(double lora, long parameters) {
            List<Double> accuracies =
                    runs.stream().flatMap(run -> run.accuracy().stream()).toList();
            return new Outcome(
                    variant.method(),
                    variant.precision().toString(),
                    heldOut(),
                    accuracies.isEmpty() ? Optional.empty() : Optional.of(Spread.of(accuracies)),
                    heldOut().mean() / lora - 1,
                    trainable,
                    (double) trainable / parameters,
                    bytes,
                    Spread.of(runs.stream().map(Run::seconds).toList()));
        }
    }
}
