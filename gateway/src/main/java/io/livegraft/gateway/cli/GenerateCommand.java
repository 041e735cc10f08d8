package io.livegraft.gateway.cli;

import io.livegraft.gateway.error.ErrorTable;
import io.livegraft.gpu.engine.Advance;
import io.livegraft.gpu.engine.Engine;
import io.livegraft.gpu.engine.Generation;
import io.livegraft.gpu.engine.StagedAdapter;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.generation.FinishReason;
import io.livegraft.gpu.generation.GenerationDelta;
import io.livegraft.gpu.generation.SamplingSettings;
import io.livegraft.gpu.lora.PeftDirectory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code livegraft generate}: one prompt through the engine in this process. */
@Command(
        name = "generate",
        description = {
            "Continue a prompt with a base, and an adapter if given; prints only what follows the prompt.",
            "The same arguments give the same text in every run on a machine."
        })
final class GenerateCommand implements Callable<Integer> {
    private final Terminal terminal;

    @Mixin
    private EngineOptions engine = new EngineOptions();

    @Option(names = "--adapter", paramLabel = "DIR", description = "PEFT directory of a LoRA adapter.")
    private Optional<Path> adapter = Optional.empty();

    @Option(
            names = "--prompt",
            required = true,
            paramLabel = "T",
            description = "Text to continue; an empty one starts from BOS.")
    private String prompt = "";

    @Option(names = "--max-tokens", paramLabel = "N", description = "Tokens at most (default: ${DEFAULT-VALUE}).")
    private int maxTokens = 64;

    @Option(
            names = "--temperature",
            paramLabel = "X",
            description = "0 takes the most likely token (default: ${DEFAULT-VALUE}).")
    private double temperature = 0;

    @Option(names = "--top-p", paramLabel = "X", description = "Keep tokens up to this probability (default: all).")
    private double topP = 1;

    @Option(names = "--top-k", paramLabel = "N", description = "Keep this many tokens (default: 0, all).")
    private int topK = 0;

    @Option(names = "--seed", paramLabel = "N", description = "Of the random numbers (default: ${DEFAULT-VALUE}).")
    private long seed = 0;

    @Option(names = "--stop", paramLabel = "T", description = "Stop before this text; may be repeated.")
    private List<String> stop = new ArrayList<>();

    @Option(names = "--json", description = "Print {\"text\",\"tokens\",\"promptTokens\",\"finishReason\"} at the end.")
    private boolean json;

    GenerateCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        SamplingSettings sampling = sampling();
        try (Engine opened = engine.open()) {
            Optional<StagedAdapter> staged =
                    adapter.map(directory -> opened.stage(PeftDirectory.read(directory, opened.config())));
            int[] ids = opened.tokenizer().encode(prompt);
            try (Generation generation = opened.admit(ids, sampling, staged)) {
                generate(opened, generation);
            } finally {
                staged.ifPresent(StagedAdapter::close);
            }
        }
        return ErrorTable.OK;
    }

    private SamplingSettings sampling() {
        try {
            return new SamplingSettings(maxTokens, temperature, topP, topK, seed, stop);
        } catch (IllegalArgumentException outOfRange) {
            throw new LivegraftException(
                    ErrorCode.INVALID_REQUEST, String.valueOf(outOfRange.getMessage()), outOfRange);
        }
    }

    private void generate(Engine opened, Generation generation) {
        var text = new StringBuilder();
        Optional<FinishReason> finish = Optional.empty();
        while (finish.isEmpty()) {
            GenerationDelta delta = opened.advance(List.of(Advance.whole(generation)))
                    .getFirst()
                    .orElseThrow();
            text.append(delta.text());
            finish = delta.finish();
            if (!json) {
                terminal.out().print(delta.text());
                terminal.out().flush();
            }
        }
        if (json) {
            Map<String, Object> result = new LinkedHashMap<>();
            result.put("text", text.toString());
            result.put("tokens", generation.generatedTokens());
            result.put("promptTokens", generation.promptTokens());
            result.put("finishReason", finish.get().name().toLowerCase(Locale.ROOT));
            terminal.json(result);
        } else if (terminal.interactive()) {
            terminal.out().println(); // A pipe gets the text alone, byte for byte.
        }
    }
}
