package io.livegraft.gpu.lora;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.model.ModelConfig;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/**
 * The shape of an adapter (Hu et al., arXiv 2106.09685): {@code y = W x + scaling · B (A dropout(x))} on the targeted linear
 * layers. Fields and rules are those of PEFT's {@code LoraConfig}.
 *
 * @param rank r ≥ 1
 * @param alpha α &gt; 0; scaling is α/r, or α/√r with {@code rankStabilized} (rsLoRA, arXiv 2312.03732)
 * @param rankPattern r of the modules whose path ends in a match of the key, a regular expression; the first match counts,
 *     {@code ^} ties it to the beginning
 * @param alphaPattern α, in the same way
 * @param dropout share of x that training drops, in [0, 1)
 */
public record LoraConfig(
        int rank,
        double alpha,
        boolean rankStabilized,
        LoraTargets targets,
        SequencedMap<String, Integer> rankPattern,
        SequencedMap<String, Double> alphaPattern,
        double dropout,
        Initialization initialization) {
    /** The seven linear kinds of a Llama block. */
    public static final List<String> ALL_LINEAR = ModuleSelection.LINEAR_KINDS;

    public LoraConfig {
        refuseBelowOne(rank);
        refuseNotPositive(alpha);
        rankPattern = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(rankPattern));
        alphaPattern = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(alphaPattern));
        rankPattern.values().forEach(LoraConfig::refuseBelowOne);
        alphaPattern.values().forEach(LoraConfig::refuseNotPositive);
        new PathPatterns<>(rankPattern);
        new PathPatterns<>(alphaPattern);
        if (!(dropout >= 0 && dropout < 1)) {
            throw new IllegalArgumentException("LoRA dropout %s must be from 0 to less than 1".formatted(dropout));
        }
    }

    /** One rank and alpha for some linear kinds in all layers, without dropout. */
    public LoraConfig(int rank, double alpha, boolean rankStabilized, List<String> targetModules) {
        this(
                rank,
                alpha,
                rankStabilized,
                LoraTargets.of(new ModuleSelection.Names(targetModules)),
                new LinkedHashMap<>(),
                new LinkedHashMap<>(),
                0,
                Initialization.KAIMING_UNIFORM);
    }

    public LoraConfig withTargets(LoraTargets other) {
        return new LoraConfig(rank, alpha, rankStabilized, other, rankPattern, alphaPattern, dropout, initialization);
    }

    public LoraConfig withPatterns(SequencedMap<String, Integer> ranks, SequencedMap<String, Double> alphas) {
        return new LoraConfig(rank, alpha, rankStabilized, targets, ranks, alphas, dropout, initialization);
    }

    public LoraConfig withDropout(double other) {
        return new LoraConfig(rank, alpha, rankStabilized, targets, rankPattern, alphaPattern, other, initialization);
    }

    public LoraConfig withInitialization(Initialization other) {
        return new LoraConfig(rank, alpha, rankStabilized, targets, rankPattern, alphaPattern, dropout, other);
    }

    /**
     * What is adapted on one base, in order of layer and module. Targets and patterns that match nothing there, and modules
     * that can't have an adapter, are refused with {@link ErrorCode#INVALID_CONFIGURATION} by name.
     */
    public List<AdaptedLinear> adaptedLinears(ModelConfig model) {
        PathPatterns<Integer> ranks = new PathPatterns<>(rankPattern);
        PathPatterns<Double> alphas = new PathPatterns<>(alphaPattern);
        List<String> paths = new ArrayList<>();
        List<AdaptedLinear> linears = new ArrayList<>();
        for (int layer = 0; layer < model.layers(); layer++) {
            for (String module : ALL_LINEAR) {
                String path = ModelConfig.modulePath(layer, module);
                paths.add(path);
                if (targets.contains(path, layer)) {
                    int r = ranks.first(path).orElse(rank);
                    linears.add(new AdaptedLinear(
                            layer, module, r, scaling(r, alphas.first(path).orElse(alpha))));
                }
            }
        }
        targets.refuseWhatIsNotIn(model, paths);
        ranks.unmatched(paths).or(() -> alphas.unmatched(paths)).ifPresent(regex -> {
            throw LoraTargets.refusal("LoRA rank or alpha pattern '%s' matches no linear layer of this base, such as %s"
                    .formatted(regex, paths.getFirst()));
        });
        if (linears.isEmpty()) {
            throw LoraTargets.refusal(
                    "LoRA target modules %s without %s in layers %s leave nothing of this base to adapt"
                            .formatted(targets.modules(), targets.excluded(), targets.layers()));
        }
        return linears;
    }

    private float scaling(int r, double a) {
        return (float) (a / (rankStabilized ? Math.sqrt(r) : r));
    }

    private static void refuseBelowOne(int rank) {
        if (rank < 1) {
            throw new IllegalArgumentException("LoRA rank %d must be at least 1".formatted(rank));
        }
    }

    private static void refuseNotPositive(double alpha) {
        if (!(alpha > 0) || Double.isInfinite(alpha)) {
            throw new IllegalArgumentException("LoRA alpha %s must be a number above 0".formatted(alpha));
        }
    }
}
