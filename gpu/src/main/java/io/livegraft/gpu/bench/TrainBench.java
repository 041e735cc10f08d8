package io.livegraft.gpu.bench;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.SplitMix64;
import io.livegraft.gpu.cuda.MemoryPlan;
import io.livegraft.gpu.device.Device;
import io.livegraft.gpu.device.ProcessMemory;
import io.livegraft.gpu.lora.LoraAdapter;
import io.livegraft.gpu.lora.LoraConfig;
import io.livegraft.gpu.optimizer.OptimizerSettings;
import io.livegraft.gpu.quality.Footprint;
import io.livegraft.gpu.quality.Machine;
import io.livegraft.gpu.training.AdapterTraining;
import io.livegraft.gpu.training.Evaluation;
import io.livegraft.gpu.training.StepPlan;
import io.livegraft.gpu.training.TrainingExample;
import io.livegraft.gpu.training.TrainingState;
import io.livegraft.gpu.transformer.AdapterTensors;
import io.livegraft.gpu.transformer.GradientCheckpointing;
import io.livegraft.gpu.transformer.Transformer;
import io.livegraft.gpu.transformer.TransformerWeights;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/** Speed of QLoRA steps on random tokens and a base of random weights: imitation of every token, adapter on all linear kinds. */
public final class TrainBench {
    private static final OptimizerSettings OPTIMIZER = new OptimizerSettings(1e-4, 0.9, 0.999, 1e-8, 0, 1, 0);

    /** One step; {@code passSeconds} is forward and backward. */
    private record TimedStep(TrainingState state, double passSeconds, double optimizerSeconds) {
        double seconds() {
            return passSeconds + optimizerSeconds;
        }
    }

    private final TrainBenchSettings settings;
    private final Backend backend;
    private final Transformer transformer;
    private final Consumer<String> progress;
    private final List<TrainingExample> examples;

    private TrainBench(
            TrainBenchSettings settings,
            Backend backend,
            TransformerWeights weights,
            GradientCheckpointing checkpointing,
            Consumer<String> progress) {
        this.settings = settings;
        this.backend = backend;
        this.transformer = new Transformer(backend, weights, checkpointing);
        this.progress = progress;
        this.examples = IntStream.range(0, settings.sequences())
                .mapToObj(i -> RandomBase.tokens(weights.config(), settings.context(), SplitMix64.output(2, i)))
                .map(tokens -> new TrainingExample(tokens, 1))
                .toList();
    }

    /**
     * Takes seconds to minutes.
     *
     * @param progress told before each part
     */
    public static TrainReport run(TrainBenchSettings settings, Consumer<String> progress) {
        Device device = Device.open(
                settings.device(), settings.threads(), () -> settings.kernels().kernels());
        try (Backend backend = device.backend()) {
            Optional<MemoryPlan> plan = device.plan(settings.shapeOfStep(), 0, settings.checkpointing());
            plan.ifPresent(one -> progress.accept(one.table()));
            GradientCheckpointing checkpointing = plan.map(
                            one -> one.chosen().policy().checkpointing())
                    .orElse(settings.checkpointing().orElse(GradientCheckpointing.NONE));
            progress.accept("making a base of shape " + settings.shape().label());
            TransformerWeights weights =
                    RandomBase.weights(backend, settings.shape().config(), settings.precision());
            device.trim();
            TrainBench bench = new TrainBench(settings, backend, weights, checkpointing, progress);
            List<TimedStep> steps = bench.steps();
            LoraAdapter trained = steps.getLast().state().adapter();
            return new TrainReport(
                    Machine.current(),
                    settings,
                    checkpointing,
                    device.description(),
                    trained.layout().size(),
                    Rate.of(steps.stream()
                            .map(step -> settings.tokens() / step.seconds())
                            .toList()),
                    bench.forward(trained),
                    mean(steps, TimedStep::passSeconds),
                    mean(steps, TimedStep::optimizerSeconds),
                    Footprint.of(weights).bytes(),
                    ProcessMemory.peak(),
                    device.memoryUse());
        }
    }

    private static double mean(List<TimedStep> steps, ToDoubleFunction<TimedStep> seconds) {
        return steps.stream().mapToDouble(seconds).sum() / steps.size();
    }

    private List<TimedStep> steps() {
        LoraConfig lora = new LoraConfig(settings.rank(), settings.rank(), false, LoraConfig.ALL_LINEAR);
        progress.accept("warming up for %d s, one step at least".formatted(settings.warmUpSeconds()));
        Stopwatch watch = new Stopwatch();
        TimedStep last = step(TrainingState.initial(RandomBase.adapter(lora, transformer.config(), 1)));
        while (watch.seconds() < settings.warmUpSeconds()) {
            last = step(last.state());
        }
        List<TimedStep> steps = new ArrayList<>();
        for (int i = 1; i <= settings.steps(); i++) {
            progress.accept("step %d of %d".formatted(i, settings.steps()));
            last = step(last.state());
            steps.add(last);
        }
        return steps;
    }

    private TimedStep step(TrainingState state) {
        StepPlan plan = StepPlan.supervised(state, examples, OPTIMIZER, 1);
        Stopwatch watch = new Stopwatch();
        AdapterTraining training = new AdapterTraining(backend, transformer, plan, settings.sliceTokens());
        double passes = 0;
        boolean done = false;
        while (!done) {
            passes = watch.seconds(); // the last slice of a step is the optimizer's
            done = training.advance();
        }
        return new TimedStep(training.result().state(), passes, watch.seconds() - passes);
    }

    private Rate forward(LoraAdapter adapter) {
        progress.accept("forward alone");
        Optional<AdapterTensors> tensors = Optional.of(transformer.stage(adapter));
        return Rate.measure(settings.steps(), settings.tokens(), () -> new Evaluation(
                        backend, transformer, tensors, examples, settings.sliceTokens())
                .finish());
    }
}
