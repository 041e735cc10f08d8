package io.livegraft.gpu.training;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.cpu.KernelChoice;
import io.livegraft.gpu.device.Device;
import io.livegraft.gpu.device.DeviceSettings;
import io.livegraft.gpu.lora.LoraConfig;
import io.livegraft.gpu.model.ModelDirectory;
import io.livegraft.gpu.optimizer.OptimizerSettings;
import io.livegraft.gpu.tensor.Precision;
import io.livegraft.gpu.tokenizer.Tokenizer;
import io.livegraft.gpu.transformer.GradientCheckpointing;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Training from a file of examples, outside the stream: {@code livegraft train}. Everything that is learned follows from the
 * base, the file, the settings and the seed.
 */
public final class FileTraining {
    /** What is trained. */
    public enum Method {
        /** An adapter on an NF4 base. */
        QLORA,
        /** An adapter on a float32 base. */
        LORA,
        /** Every weight. */
        FULL
    }

    /** Which tokens of an example count in the loss. */
    public enum Targets {
        COMPLETION,
        ALL
    }

    /** When a step has enough examples. */
    public sealed interface Batch {
        /** At this many tokens, prompts too. */
        record Tokens(int tokens) implements Batch {}

        /** At this many examples or pairs. */
        record Examples(int examples) implements Batch {}
    }

    /**
     * One run.
     *
     * @param base Hugging Face directory; with {@code fromScratch} its weights, if any, are not read
     * @param data JSON lines in the form that the loss takes
     * @param out directory to write: a PEFT adapter, or a whole base for {@link Method#FULL}
     * @param targets other than completions for {@link Sft} only
     * @param adapter PEFT directory to go on from, with fresh moments; {@code lora} is not read then
     * @param reference PEFT directory of the frozen version that preference losses compare with; without one it is what the
     *     training starts from
     * @param device what computes
     * @param kernels of the CPU, in whose bits everything is computed
     * @param checkpointing what is kept of a slice's forward half; does not show in what is written
     */
    public record Settings(
            Path base,
            Path data,
            Path out,
            Method method,
            Loss loss,
            Targets targets,
            boolean fromScratch,
            Optional<Path> adapter,
            Optional<Path> reference,
            long steps,
            long seed,
            Batch batch,
            int sliceTokens,
            DeviceSettings device,
            int threads,
            KernelChoice kernels,
            GradientCheckpointing checkpointing,
            LoraConfig lora,
            OptimizerSettings optimizer) {
        public Settings {
            if (targets == Targets.ALL && loss instanceof PreferenceLoss) {
                throw new IllegalArgumentException("preference losses compare completions, not targets ALL");
            }
        }
    }

    /**
     * One line of progress.
     *
     * @param step steps taken, of {@code steps}
     * @param loss of this step, in the loss's own unit: nats per target token for {@link Sft}
     * @param rewards empty for {@link Sft}
     * @param learningRate of this step
     * @param tokens trained on so far, prompts too
     * @param tokensPerSecond over the whole run so far
     */
    public record Progress(
            long step,
            long steps,
            double loss,
            Optional<RewardMetrics> rewards,
            double learningRate,
            long tokens,
            double tokensPerSecond) {}

    /** What was written; the digest is of the adapter file, or of the base as {@code ModelDirectory.digest} says it. */
    public record Result(
            Path out, String digest, double finalLoss, TrainingCurve curve, long tokens, int trainableParameters) {}

    private FileTraining() {}

    public static Result run(Settings settings, Consumer<Progress> progress) {
        ModelDirectory base = ModelDirectory.open(settings.base());
        Device device = Device.open(
                settings.device(), settings.threads(), () -> settings.kernels().kernels());
        try (Backend backend = device.backend();
                Tokenizer tokenizer = Tokenizer.load(settings.base(), base.config())) {
            List<TrainingInput> inputs = new TrainingFile(
                            settings.data(), tokenizer, base.config().maxPositions())
                    .read(settings.loss()).stream()
                            .map(input -> targeted(settings.targets(), input))
                            .toList();
            Trainee trainee =
                    switch (settings.method()) {
                        case FULL -> new FullTrainee(settings, base, backend);
                        case LORA -> new AdapterTrainee(settings, base, backend, Precision.FP32);
                        case QLORA -> new AdapterTrainee(settings, base, backend, base.precision());
                    };
            return run(settings, inputs, trainee, progress);
        }
    }

    private static Result run(
            Settings settings, List<TrainingInput> inputs, Trainee trainee, Consumer<Progress> progress) {
        ExampleBatches<TrainingInput> batches = batches(settings, inputs);
        TrainingCurve curve = new TrainingCurve();
        long start = System.nanoTime();
        long tokens = 0;
        double loss = Double.NaN;
        for (long step = 0; step < settings.steps(); step++) {
            List<TrainingInput> batch = batches.next();
            if (settings.loss() instanceof Kto) {
                Kto.requireMismatch(batch.size());
            }
            LossReport report = trainee.step(batch);
            curve.add(report);
            loss = report.loss();
            tokens += batch.stream().mapToLong(TrainingInput::tokens).sum();
            double seconds = (System.nanoTime() - start) / 1e9;
            double learningRate = settings.optimizer().learningRateAt(step);
            progress.accept(new Progress(
                    step + 1, settings.steps(), loss, report.rewards(), learningRate, tokens, tokens / seconds));
        }
        return new Result(settings.out(), trainee.write(settings.out()), loss, curve, tokens, trainee.parameters());
    }

    private static ExampleBatches<TrainingInput> batches(Settings settings, List<TrainingInput> inputs) {
        return switch (settings.batch()) {
            case Batch.Tokens(int tokens) ->
                new ExampleBatches<>(inputs, TrainingInput::tokens, tokens, settings.seed());
            case Batch.Examples(int examples) -> new ExampleBatches<>(inputs, input -> 1, examples, settings.seed());
        };
    }

    private static TrainingInput targeted(Targets targets, TrainingInput input) {
        return switch (targets) {
            case COMPLETION -> input;
            case ALL ->
                new TrainingInput.Supervised(
                        new TrainingExample(input.sequences().getFirst().tokens(), 1));
        };
    }
}
