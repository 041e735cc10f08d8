package io.livegraft.gpu.lora;

import java.util.List;

/**
 * The shape of an adapter: {@code y = W x + scaling · B (A x)} on the targeted linear kinds.
 *
 * @param rank r ≥ 1
 * @param alpha α &gt; 0; scaling is α/r, or α/√r with {@code rankStabilized} (rsLoRA, arXiv 2312.03732)
 * @param targetModules linear kinds, e.g. {@code q_proj}; sorted, no duplicates
 */
public record LoraConfig(int rank, double alpha, boolean rankStabilized, List<String> targetModules) {
    /** The seven linear kinds of a Llama block. */
    public static final List<String> ALL_LINEAR =
            List.of("down_proj", "gate_proj", "k_proj", "o_proj", "q_proj", "up_proj", "v_proj");

    public LoraConfig {
        if (rank < 1) {
            throw new IllegalArgumentException("LoRA rank %d must be at least 1".formatted(rank));
        }
        if (!(alpha > 0)) {
            throw new IllegalArgumentException("LoRA alpha %s must be greater than 0".formatted(alpha));
        }
        targetModules = targetModules.stream().sorted().distinct().toList();
        List<String> unknown = targetModules.stream()
                .filter(module -> !ALL_LINEAR.contains(module))
                .toList();
        if (targetModules.isEmpty() || !unknown.isEmpty()) {
            throw new IllegalArgumentException(
                    "LoRA target modules %s must be some of %s".formatted(targetModules, ALL_LINEAR));
        }
    }

    public float scaling() {
        return (float) (alpha / (rankStabilized ? Math.sqrt(rank) : rank));
    }
}
