package io.livegraft.gpu.model;

import java.util.List;
import java.util.OptionalInt;

/**
 * The architecture of a Llama-family base, from {@code config.json}.
 *
 * @param hiddenSize C
 * @param intermediateSize width of the feed-forward block
 * @param layers number of transformer blocks
 * @param heads H query heads
 * @param kvHeads key and value heads; each serves {@code heads / kvHeads} query heads
 * @param headDim D per head
 * @param vocabSize V
 * @param maxPositions longest sequence the base attends to, in tokens
 * @param ropeTheta base of the rotary frequencies
 * @param traits what the base's family adds to a plain Llama
 * @param tieWordEmbeddings whether the head is the embedding matrix
 * @param bosTokenId beginning of sequence, where the base has one
 * @param eosTokenIds each ends a generation
 */
public record ModelConfig(
        int hiddenSize,
        int intermediateSize,
        int layers,
        int heads,
        int kvHeads,
        int headDim,
        int vocabSize,
        int maxPositions,
        float rmsNormEps,
        double ropeTheta,
        FamilyTraits traits,
        boolean tieWordEmbeddings,
        OptionalInt bosTokenId,
        List<Integer> eosTokenIds) {

    public ModelConfig {
        eosTokenIds = List.copyOf(eosTokenIds);
        if (!traits.windows().isEmpty() && traits.windows().size() != layers) {
            throw new IllegalArgumentException(
                    "%d windows for %d layers".formatted(traits.windows().size(), layers));
        }
    }

    /** A plain Llama. */
    public ModelConfig(
            int hiddenSize,
            int intermediateSize,
            int layers,
            int heads,
            int kvHeads,
            int headDim,
            int vocabSize,
            int maxPositions,
            float rmsNormEps,
            double ropeTheta,
            boolean tieWordEmbeddings,
            int bosTokenId,
            List<Integer> eosTokenIds) {
        this(
                hiddenSize,
                intermediateSize,
                layers,
                heads,
                kvHeads,
                headDim,
                vocabSize,
                maxPositions,
                rmsNormEps,
                ropeTheta,
                FamilyTraits.LLAMA,
                tieWordEmbeddings,
                OptionalInt.of(bosTokenId),
                eosTokenIds);
    }

    /** Keys that a query of a layer sees, itself included; {@link Integer#MAX_VALUE} for all. */
    public int window(int layer) {
        return traits.windows().isEmpty() ? Integer.MAX_VALUE : traits.windows().get(layer);
    }

    /** Whether a linear kind adds a bias (out). */
    public boolean biased(String module) {
        return traits.biased().contains(module);
    }

    /** E.g. {@code model.layers.0.self_attn.q_proj}. */
    public static String modulePath(int layer, String module) {
        String block =
                switch (module) {
                    case "q_proj", "k_proj", "v_proj", "o_proj" -> "self_attn";
                    case "gate_proj", "up_proj", "down_proj" -> "mlp";
                    default -> throw new IllegalArgumentException("no linear kind " + module);
                };
        return "model.layers.%d.%s.%s".formatted(layer, block, module);
    }

    /** Columns of a linear kind's weight (out, in). */
    public int inputFeatures(String module) {
        return switch (module) {
            case "q_proj", "k_proj", "v_proj", "gate_proj", "up_proj" -> hiddenSize;
            case "o_proj" -> heads * headDim;
            case "down_proj" -> intermediateSize;
            default -> throw new IllegalArgumentException("no linear kind " + module);
        };
    }

    /** Rows of a linear kind's weight (out, in). */
    public int outputFeatures(String module) {
        return switch (module) {
            case "q_proj" -> heads * headDim;
            case "k_proj", "v_proj" -> kvHeads * headDim;
            case "gate_proj", "up_proj" -> intermediateSize;
            case "o_proj", "down_proj" -> hiddenSize;
            default -> throw new IllegalArgumentException("no linear kind " + module);
        };
    }
}
