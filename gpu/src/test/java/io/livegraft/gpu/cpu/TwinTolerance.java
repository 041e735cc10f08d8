package io.livegraft.gpu.cpu;

import io.livegraft.gpu.tensor.Precision;

/**
 * How far an operation of a float32 backend may be from the double reference: the largest difference of an element over
 * the largest magnitude that the operation wrote. The one table of it; a new operation or precision needs a row. Portable kernels
 * round no operand, whatever the arithmetic permits; what those cost that do is bounded in {@link ArithmeticTest}.
 */
enum TwinTolerance {
    EXACT(0, "moves values"),
    ROUNDED(6e-8, "one rounding of each element: 2⁻²⁴"),
    DROPPED(2e-7, "the scale, its product and a sum, each rounded; a mask is the same on both sides"),
    ELEMENTWISE(4e-7, "a few roundings an element, and an exponential of 2·10⁻⁷"),
    NORMALISED(3e-7, "sums in double; the factors of an element are rounded"),
    ROTATED(3e-7, "cosine and sine rounded, two products, one sum"),
    CHAINED(
            2e-6,
            "a chain of K ≤ 300 fused multiply-adds, each rounded; the errors' random walk over the sum's own size"),
    FROZEN_FP32(2e-6, "as a chain"),
    FROZEN_BF16(2e-6, "as a chain: both sides multiply with the same decoded weight"),
    FROZEN_NF4(2e-6, "as a chain: both sides multiply with the same decoded weight"),
    ATTENDED(1e-6, "chain, exponential, chain"),
    ATTENDED_BACKWARD(1e-6, "five chains, a softmax and a difference of near values"),
    LIKELIHOOD(3e-7, "an exponential of 2·10⁻⁷ and sums in double"),
    OPTIMIZED(3e-7, "a few roundings an element; moments stay float32"),
    REORDERED(1e-12, "a sum in double precision, in an order of its own"),
    ROUNDED_PRODUCT(4e-2, "both operands rounded to bfloat16, 2⁻⁹ each; of three sums the largest may be small"),
    ROUNDED_ATTENDED(2.5e-2, "queries, keys, values and probabilities rounded to bfloat16"),
    ROUNDED_ATTENDED_BACKWARD(3e-2, "as above, and gradients of the scores, a difference of near values");

    private final double relative;

    TwinTolerance(double relative, String reason) {
        this.relative = relative;
        if (reason.isBlank()) {
            throw new IllegalArgumentException("a tolerance needs its reason");
        }
    }

    double relative() {
        return relative;
    }

    static TwinTolerance ofLinear(Precision precision) {
        return switch (precision) {
            case FP32 -> FROZEN_FP32;
            case BF16 -> FROZEN_BF16;
            case NF4, NF4_SINGLE, FP4, INT8, INT4 -> FROZEN_NF4;
        };
    }

    /** Of a backend that rounds operands where it may. */
    static TwinTolerance ofRounded(String operation) {
        return switch (operation) {
            case "multiply", "lowRank", "lowRankBackward", "linear", "linearBackward" -> ROUNDED_PRODUCT;
            case "sumOfSquares" -> REORDERED;
            case "attention" -> ROUNDED_ATTENDED;
            case "attentionBackward" -> ROUNDED_ATTENDED_BACKWARD;
            default -> of(operation);
        };
    }

    static TwinTolerance of(String operation) {
        return switch (operation) {
            case "chainRows",
                    "allocate",
                    "allocateUnset",
                    "offloads",
                    "copy",
                    "workspace",
                    "temporaries",
                    "repeated",
                    "upload",
                    "download",
                    "rows",
                    "view",
                    "freeze",
                    "freezeTable",
                    "factor",
                    "factors",
                    "allocateKvCache",
                    "allocateKvPages",
                    "appendKv",
                    "zero",
                    "blockwise",
                    "largest",
                    "draw",
                    "embed" -> EXACT;
            case "add", "addBias" -> ROUNDED;
            case "dropout", "dropoutBackward" -> DROPPED;
            case "embedBackward", "addBiasBackward" -> CHAINED;
            case "multiply", "lowRank", "lowRankBackward" -> CHAINED;
            case "rmsNorm", "rmsNormBackward" -> NORMALISED;
            case "rmsNormWeightBackward" -> CHAINED;
            case "rotate" -> ROTATED;
            case "swiGlu", "swiGluBackward" -> ELEMENTWISE;
            case "attention" -> ATTENDED;
            case "attentionBackward" -> ATTENDED_BACKWARD;
            case "crossEntropy", "logSumExp" -> LIKELIHOOD;
            case "sumOfSquares" -> EXACT;
            case "adamW" -> OPTIMIZED;
            default -> throw new AssertionError("no tolerance is stated for " + operation);
        };
    }
}
