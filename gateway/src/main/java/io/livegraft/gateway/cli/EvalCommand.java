package io.livegraft.gateway.cli;

import io.livegraft.gateway.error.ErrorTable;
import io.livegraft.gpu.backend.SlicedWork;
import io.livegraft.gpu.engine.Engine;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.lora.LoraAdapter;
import io.livegraft.gpu.lora.PeftDirectory;
import io.livegraft.gpu.training.TrainingExample;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code livegraft eval}: how well a base, and an adapter if given, predicts a text. */
@Command(
        name = "eval",
        description = {
            "Mean negative log-likelihood of a text, in nats per token. BOS comes first; every token after it is scored.",
            "A text longer than the base's context is cut into consecutive windows that each begin with BOS."
        })
final class EvalCommand implements Callable<Integer> {
    private final Terminal terminal;

    @Mixin
    private EngineOptions engine = new EngineOptions();

    @Option(names = "--adapter", paramLabel = "DIR", description = "PEFT directory of a LoRA adapter.")
    private Optional<Path> adapter = Optional.empty();

    @Option(names = "--text", required = true, paramLabel = "FILE", description = "UTF-8 text to score.")
    private Path file = Path.of("");

    @Option(names = "--json", description = "Print {\"meanNll\",\"perplexity\",\"tokens\"}.")
    private boolean json;

    EvalCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        String text = read(file);
        try (Engine opened = engine.open()) {
            List<TrainingExample> windows = EvaluationWindows.cut(
                    opened.tokenizer().encodeScored(text), opened.config().maxPositions());
            Optional<LoraAdapter> lora = adapter.map(directory -> PeftDirectory.read(directory, opened.config()));
            SlicedWork<Double> work = opened.evaluate(lora, windows);
            while (!work.advance()) {
                Thread.onSpinWait();
            }
            report(
                    work.result(),
                    windows.stream().mapToLong(TrainingExample::targetTokens).sum());
        }
        return ErrorTable.OK;
    }

    private void report(double meanNll, long tokens) {
        if (json) {
            Map<String, Object> result = new LinkedHashMap<>();
            result.put("meanNll", meanNll);
            result.put("perplexity", Math.exp(meanNll));
            result.put("tokens", tokens);
            terminal.json(result);
        } else {
            terminal.out()
                    .println("mean NLL %.6f nats per token, perplexity %.3f, %d tokens"
                            .formatted(meanNll, Math.exp(meanNll), tokens));
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (CharacterCodingException broken) {
            throw new LivegraftException(ErrorCode.INVALID_REQUEST, "%s is not UTF-8 text".formatted(file), broken);
        } catch (IOException unreadable) {
            throw new LivegraftException(
                    ErrorCode.INVALID_REQUEST, "can't read %s: %s".formatted(file, unreadable), unreadable);
        }
    }
}
