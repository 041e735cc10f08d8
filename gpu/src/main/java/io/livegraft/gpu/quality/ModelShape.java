package io.livegraft.gpu.quality;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.model.ModelConfig;
import java.util.List;
import java.util.stream.Stream;

/**
 * The shape of a well-known model, to say what memory it would take and how fast it is; no weights of it are needed.
 *
 * @param label e.g. {@code 1.1b}
 */
public record ModelShape(String label, ModelConfig config) {
    /** The Llama of 15 million parameters trained on TinyStories, SmolLM-135M and TinyLlama-1.1B. */
    public static final List<ModelShape> KNOWN = List.of(
            new ModelShape("15m", config(288, 768, 6, 6, 6, 32_000, true)),
            new ModelShape("135m", config(576, 1536, 30, 9, 3, 49_152, true)),
            new ModelShape("1.1b", config(2048, 5632, 22, 32, 4, 32_000, false)));

    /** Llama 3.1 8B and Llama 65B: for cards. */
    private static final List<ModelShape> LARGE = List.of(
            new ModelShape("8b", config(4096, 14_336, 32, 32, 8, 128_256, false)),
            new ModelShape("65b", config(8192, 22_016, 80, 64, 64, 32_000, false)));

    /** The bundled base. */
    public static final ModelShape TINY = new ModelShape("tiny", config(192, 512, 4, 6, 3, 1024, true));

    /** One of {@link #KNOWN}, {@code 8b}, {@code 65b} or {@link #TINY}; any other label is an {@link ErrorCode#INVALID_CONFIGURATION}. */
    public static ModelShape of(String label) {
        List<ModelShape> all =
                Stream.of(KNOWN, LARGE, List.of(TINY)).flatMap(List::stream).toList();
        return all.stream()
                .filter(shape -> shape.label().equals(label))
                .findFirst()
                .orElseThrow(() -> new LivegraftException(
                        ErrorCode.INVALID_CONFIGURATION,
                        "shape is '%s', expected one of %s"
                                .formatted(
                                        label,
                                        all.stream().map(ModelShape::label).toList())));
    }

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
