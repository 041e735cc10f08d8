package io.livegraft.gpu.quality;

import io.livegraft.gpu.model.ModelConfig;
import java.util.List;

/**
 * The shape of a well-known model, to say what memory it would take; no weights of it are needed.
 *
 * @param label e.g. {@code 1.1b}
 */
public record ModelShape(String label, ModelConfig config) {
    /** The Llama of 15 million parameters trained on TinyStories, SmolLM-135M and TinyLlama-1.1B. */
    public static final List<ModelShape> KNOWN = List.of(
            new ModelShape("15m", config(288, 768, 6, 6, 6, 32_000, true)),
            new ModelShape("135m", config(576, 1536, 30, 9, 3, 49_152, true)),
            new ModelShape("1.1b", config(2048, 5632, 22, 32, 4, 32_000, false)));

    private static ModelConfig config(
            int hidden, int intermediate, int layers, int heads, int kvHeads, int vocab, boolean tied) {
        return new ModelConfig(
                hidden,
                intermediate,
                layers,
                heads,
                kvHeads,
                hidden / heads,
                vocab,
                2048,
                1e-5f,
                10_000,
                tied,
                1,
                List.of(2));
    }
}
