package io.livegraft.gpu;

import io.livegraft.gpu.lora.LoraAdapter;
import io.livegraft.gpu.model.FamilyTraits;
import io.livegraft.gpu.model.ModelConfig;
import io.livegraft.gpu.model.RopeScaling;
import io.livegraft.gpu.transformer.TransformerWeights;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;

/** A two-layer base of one family, small enough for central differences; windows are shorter than the examples. */
public record TinyFamily(String name, ModelConfig config) {
    private static final int ALL_KEYS = Integer.MAX_VALUE;
    private static final RopeScaling UNSCALED = new RopeScaling.None();

    public static final TinyFamily LLAMA = of("llama", FamilyTraits.LLAMA, false);

    /** One for every trait that a family can have. */
    public static Stream<TinyFamily> all() {
        Set<String> attention = Set.of("q_proj", "k_proj", "v_proj", "o_proj");
        Set<String> feedForward = Set.of("gate_proj", "up_proj", "down_proj");
        return Stream.of(
                LLAMA,
                of(
                        "llama 3.1, biased attention",
                        new FamilyTraits(new RopeScaling.Llama3(4, 1, 4, 8), List.of(), attention, false),
                        true),
                of(
                        "llama, biased feed-forward",
                        new FamilyTraits(new RopeScaling.Linear(2), List.of(), feedForward, false),
                        false),
                of("mistral", new FamilyTraits(UNSCALED, List.of(4, 4), Set.of(), false), false),
                of(
                        "qwen2",
                        new FamilyTraits(UNSCALED, List.of(ALL_KEYS, 3), Set.of("q_proj", "k_proj", "v_proj"), false),
                        true),
                of("qwen3", new FamilyTraits(UNSCALED, List.of(), Set.of(), true), false));
    }

    /** Each of them with a head of its own and with the embedding's. */
    public static Stream<TinyFamily> allTiedAndUntied() {
        return all().flatMap(family -> Stream.of(false, true)
                .map(tied -> of(
                        family.name() + (tied ? ", tied" : ", untied"),
                        family.config().traits(),
                        tied)));
    }

    private static TinyFamily of(String name, FamilyTraits traits, boolean tied) {
        ModelConfig config =
                new ModelConfig(8, 11, 2, 4, 2, 6, 31, 64, 1e-5f, 100, traits, tied, OptionalInt.of(1), List.of(2));
        return new TinyFamily(name, config);
    }

    /** In {@code TransformerWeights.layout}, large enough for gradients that differences can see. */
    public float[] weights(long seed) {
        int size = TransformerWeights.layout(config).size();
        return TinyModel.gaussian(new Random(seed), size, 0.35);
    }

    /** An adapter of all linear kinds whose B is not zero, so that every gradient is alive. */
    public LoraAdapter adapter(long seed) {
        LoraAdapter initial = LoraAdapter.initial(TinyModel.LORA, config, seed);
        return initial.withValues(
                TinyModel.gaussian(new Random(seed), initial.layout().size(), 0.2));
    }

    @Override
    public String toString() {
        return name;
    }
}
