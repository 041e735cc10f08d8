package io.livegraft.gpu.model;

import java.util.List;
import java.util.Set;

/**
 * What the members of the Llama family differ in, besides sizes.
 *
 * @param ropeScaling of the rotary frequencies
 * @param windows for every layer the number of keys that a query sees, itself included; empty where all layers see all
 * @param biased linear kinds with a bias, e.g. {@code q_proj}
 * @param queryKeyNorm whether every head of queries and keys is normalised before it is turned (Qwen3)
 */
public record FamilyTraits(RopeScaling ropeScaling, List<Integer> windows, Set<String> biased, boolean queryKeyNorm) {
    /** A plain Llama: full attention, no scaling, no biases. */
    public static final FamilyTraits LLAMA = new FamilyTraits(new RopeScaling.None(), List.of(), Set.of(), false);

    public FamilyTraits {
        windows = List.copyOf(windows);
        biased = Set.copyOf(biased);
    }
}
