package io.livegraft.gateway.cli;

import io.livegraft.gpu.training.ApoZero;
import io.livegraft.gpu.training.Bco;
import io.livegraft.gpu.training.Dpo;
import io.livegraft.gpu.training.Kto;
import io.livegraft.gpu.training.Loss;
import io.livegraft.gpu.training.LossKind;
import io.livegraft.gpu.training.Sft;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;

/** What {@code livegraft train} minimises. */
final class LossOptions {
    @Option(names = "--loss", paramLabel = "L", description = "sft (default), dpo, kto, bco or apo-zero.")
    private LossKind kind = LossKind.SFT;

    @Option(
            names = "--beta",
            paramLabel = "X",
            description = "How much a log-ratio counts, but for sft (default: ${DEFAULT-VALUE}).")
    private double beta = 0.1;

    @Option(
            names = "--label-smoothing",
            paramLabel = "X",
            description = "dpo: the share of pairs that are the wrong way round (default: ${DEFAULT-VALUE}).")
    private double labelSmoothing = 0;

    @Option(names = "--robust", description = "dpo: correct for that share, instead of being cautious.")
    private boolean robust;

    @Option(
            names = "--desirable-weight",
            paramLabel = "X",
            description = "kto: of liked completions (default: ${DEFAULT-VALUE}).")
    private double desirableWeight = 1;

    @Option(
            names = "--undesirable-weight",
            paramLabel = "X",
            description = "kto: of disliked completions (default: ${DEFAULT-VALUE}).")
    private double undesirableWeight = 1;

    @Option(
            names = "--reference",
            paramLabel = "DIR",
            description = "Frozen adapter that all but sft compare with; without it, what the training starts from.")
    private Optional<Path> reference = Optional.empty();

    Loss loss() {
        return switch (kind) {
            case SFT -> new Sft();
            case DPO -> new Dpo(beta, labelSmoothing, robust);
            case KTO -> new Kto(beta, desirableWeight, undesirableWeight);
            case BCO -> new Bco(beta);
            case APO_ZERO -> new ApoZero(beta);
        };
    }

    Optional<Path> reference() {
        return reference;
    }
}
