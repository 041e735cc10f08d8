package io.livegraft.gpu.training;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.cpu.VectorBackend;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.lora.LoraAdapter;
import io.livegraft.gpu.lora.LoraConfig;
import io.livegraft.gpu.lora.PeftDirectory;
import io.livegraft.gpu.model.ModelDirectory;
import io.livegraft.gpu.optimizer.OptimizerSettings;
import io.livegraft.gpu.safetensors.DType;
import io.livegraft.gpu.tensor.Precision;
import io.livegraft.gpu.tokenizer.Tokenizer;
import io.livegraft.gpu.transformer.Transformer;
import io.livegraft.gpu.transformer.TransformerWeights;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;

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

    /**
     * One run.
     *
     * @param base Hugging Face directory; with {@code fromScratch} its weights, if any, are not read
     * @param data JSON lines, each {@code {"prompt": …, "completion": …}}
     * @param out directory to write: a PEFT adapter, or a whole base for {@link Method#FULL}
     * @param batchTokens a step takes examples until it has this many tokens
     */
    public record Settings(
            Path base,
            Path data,
            Path out,
            Method method,
            Targets targets,
            boolean fromScratch,
            long steps,
            long seed,
            int batchTokens,
            int sliceTokens,
            int threads,
            LoraConfig lora,
            OptimizerSettings optimizer) {}

    /** One line of progress. */
    public record Progress(
            long step, long steps, double loss, double learningRate, long tokens, double tokensPerSecond) {}

    /** What was written; the digest is of the adapter file, or of the base as {@code ModelDirectory.digest} says it. */
    public record Result(Path out, String digest, double finalLoss, long tokens, int trainableParameters) {}

    private FileTraining() {}

    public static Result run(Settings settings, Consumer<Progress> progress) {
        ModelDirectory base = ModelDirectory.open(settings.base());
        try (Backend backend = new VectorBackend(settings.threads());
                Tokenizer tokenizer = Tokenizer.load(settings.base(), base.config())) {
            List<TrainingExample> examples =
                    read(settings, tokenizer, base.config().maxPositions());
            Loop loop =
                    new Loop(settings, new ExampleBatches(examples, settings.batchTokens(), settings.seed()), progress);
            return switch (settings.method()) {
                case FULL -> full(settings, base, backend, loop);
                case LORA -> adapter(settings, base, backend, loop, Precision.FP32);
                case QLORA -> adapter(settings, base, backend, loop, Precision.NF4);
            };
        }
    }

    private static Result full(Settings settings, ModelDirectory base, Backend backend, Loop loop) {
        FullTraining training = settings.fromScratch()
                ? FullTraining.fromScratch(backend, base.config(), settings.seed())
                : FullTraining.from(backend, base);
        double loss = loop.run((batch, optimizer) -> training.step(batch, optimizer, settings.sliceTokens()));
        ModelDirectory.write(settings.out(), settings.base(), training.tensors(), DType.BF16);
        String digest = ModelDirectory.open(settings.out()).digest();
        return new Result(settings.out(), digest, loss, loop.tokens(), training.parameters());
    }

    private static Result adapter(
            Settings settings, ModelDirectory base, Backend backend, Loop loop, Precision precision) {
        Transformer transformer = new Transformer(backend, TransformerWeights.frozen(backend, base, precision));
        LoraAdapter initial = LoraAdapter.initial(settings.lora(), base.config(), settings.seed());
        var state = new Object() {
            TrainingState value = TrainingState.initial(initial);
        };
        double loss = loop.run((batch, optimizer) -> {
            StepPlan plan = StepPlan.supervised(state.value, batch, optimizer, settings.seed());
            StepResult result = new AdapterTraining(backend, transformer, plan, settings.sliceTokens()).finish();
            state.value = result.state();
            return result.loss();
        });
        String digest = PeftDirectory.write(settings.out(), state.value.adapter(), base.name());
        return new Result(
                settings.out(), digest, loss, loop.tokens(), initial.layout().size());
    }

    private static List<TrainingExample> read(Settings settings, Tokenizer tokenizer, int maxTokens) {
        ObjectMapper json = new ObjectMapper();
        List<TrainingExample> examples = new ArrayList<>();
        try (Stream<String> lines = Files.lines(settings.data())) {
            lines.filter(line -> !line.isBlank()).forEach(line -> {
                TrainingExample example = parse(json, line, settings, examples.size() + 1, tokenizer);
                if (example.tokens().length > maxTokens) {
                    throw invalid(
                            settings,
                            examples.size() + 1,
                            "has %d tokens, but the base attends to %d".formatted(example.tokens().length, maxTokens));
                }
                examples.add(example);
            });
        } catch (IOException e) {
            throw new LivegraftException(
                    ErrorCode.INVALID_CONFIGURATION,
                    "can't read the data file %s: %s".formatted(settings.data(), e),
                    e);
        }
        if (examples.isEmpty()) {
            throw new LivegraftException(
                    ErrorCode.INVALID_CONFIGURATION, "the data file %s has no examples".formatted(settings.data()));
        }
        return examples;
    }

    private static TrainingExample parse(
            ObjectMapper json, String line, Settings settings, int number, Tokenizer tokenizer) {
        try {
            JsonNode node = json.readTree(line);
            if (!node.path("prompt").isTextual() || !node.path("completion").isTextual()) {
                throw invalid(settings, number, "needs the strings \"prompt\" and \"completion\"");
            }
            TrainingExample example = tokenizer.example(
                    node.get("prompt").textValue(), node.get("completion").textValue());
            return switch (settings.targets()) {
                case COMPLETION -> example;
                case ALL -> new TrainingExample(example.tokens(), 1);
            };
        } catch (JsonProcessingException e) {
            throw invalid(settings, number, "is not JSON: " + e.getOriginalMessage());
        }
    }

    private static LivegraftException invalid(Settings settings, int number, String why) {
        return new LivegraftException(
                ErrorCode.INVALID_CONFIGURATION, "example %d of %s %s".formatted(number, settings.data(), why));
    }

    private interface StepFunction {
        double apply(List<TrainingExample> batch, OptimizerSettings optimizer);
    }

    /** The steps of a run, with their schedule and their progress lines. */
    private static final class Loop {
        private final Settings settings;
        private final ExampleBatches batches;
        private final Consumer<Progress> progress;
        private long tokens;

        Loop(Settings settings, ExampleBatches batches, Consumer<Progress> progress) {
            this.settings = settings;
            this.batches = batches;
            this.progress = progress;
        }

        long tokens() {
            return tokens;
        }

        /** Returns the loss of the last step. */
        double run(StepFunction function) {
            long start = System.nanoTime();
            double loss = Double.NaN;
            for (long step = 0; step < settings.steps(); step++) {
                List<TrainingExample> batch = batches.next();
                loss = function.apply(batch, settings.optimizer());
                tokens += batch.stream()
                        .mapToLong(example -> example.tokens().length)
                        .sum();
                double seconds = (System.nanoTime() - start) / 1e9;
                progress.accept(new Progress(
                        step + 1,
                        settings.steps(),
                        loss,
                        settings.optimizer().learningRateAt(step),
                        tokens,
                        tokens / seconds));
            }
            return loss;
        }
    }
}
