package io.livegraft.gateway.cli;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.tensor.Precision;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code livegraft train}: trains from a file instead of the stream. */
@Command(
        name = "train",
        description = {
            "Train an adapter (qlora, lora) or a whole base (full) from a file of examples.",
            "Each line is {\"prompt\":…,\"completion\":…} or {\"text\":…}. The same arguments give the same bytes."
        })
@SuppressWarnings("UnusedVariable") // Read once training from a file is in the engine.
final class TrainCommand implements Callable<Integer> {
    private final Terminal terminal;

    /** What is trained. */
    enum Method {
        QLORA,
        LORA,
        FULL
    }

    /** What is minimised. */
    enum Loss {
        SFT,
        DPO,
        KTO,
        BCO
    }

    @Option(names = "--base", required = true, paramLabel = "DIR", description = "Hugging Face directory of the base.")
    private Path base = Path.of("");

    @Option(
            names = "--data",
            required = true,
            paramLabel = "F.jsonl",
            description = "Examples, one JSON object a line.")
    private Path data = Path.of("");

    @Option(names = "--method", paramLabel = "M", description = "qlora, lora or full (default: ${DEFAULT-VALUE}).")
    private Method method = Method.QLORA;

    @Option(names = "--loss", paramLabel = "L", description = "sft; dpo, kto and bco are not built yet.")
    private Loss loss = Loss.SFT;

    @Option(names = "--steps", required = true, paramLabel = "N", description = "Optimizer steps.")
    private long steps;

    @Option(names = "--seed", paramLabel = "N", description = "Of order and initial values (default: 0).")
    private long seed;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "PEFT or base directory to write.")
    private Path out = Path.of("");

    @Option(names = "--batch-tokens", paramLabel = "N", description = "Tokens of a step at most (default: 2048).")
    private int batchTokens = 2_048;

    @Option(names = "--learning-rate", paramLabel = "X", description = "Peak learning rate.")
    private Optional<Double> learningRate = Optional.empty();

    @Option(names = "--rank", paramLabel = "N", description = "LoRA rank (default: ${DEFAULT-VALUE}).")
    private int rank = 8;

    @Option(names = "--alpha", paramLabel = "X", description = "LoRA alpha (default: ${DEFAULT-VALUE}).")
    private double alpha = 16;

    @Option(names = "--precision", paramLabel = "P", description = "Of the frozen base: nf4, bf16 or fp32.")
    private Optional<Precision> precision = Optional.empty();

    @Option(
            names = "--from-scratch",
            description = "With full: start from random weights; the base needs config and tokenizer only.")
    private boolean fromScratch;

    @Option(names = "--json", description = "Print one JSON object at the end.")
    private boolean json;

    TrainCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        if (loss != Loss.SFT) {
            return UnbuiltCommand.refuse(terminal, "train --loss " + loss);
        }
        throw new LivegraftException(ErrorCode.UNAVAILABLE, "training from a file is not here yet");
    }
}
