package io.livegraft.gpu.tensor;

import java.util.Optional;

/**
 * How a base that stays as it is keeps its large weights, the embedding aside.
 *
 * @param linears of the seven linear kinds
 * @param head FP32 where they are; else BF16, or INT8, which halves what a token reads of it
 */
public record BasePrecision(Precision linears, Precision head) {
    public BasePrecision {
        boolean exact = linears == Precision.FP32;
        if (exact ? head != Precision.FP32 : head != Precision.BF16 && head != Precision.INT8) {
            throw new IllegalArgumentException("the head's precision is %s beside linear layers in %s, expected %s"
                    .formatted(head, linears, exact ? "fp32" : "bf16 or int8"));
        }
    }

    /** With the head that fits: INT8 beside 4 bits, else BF16, or FP32 beside that. */
    public static BasePrecision of(Precision linears) {
        return of(linears, Optional.empty());
    }

    /**
     * With a head that is named.
     *
     * @param head of a base that isn't FP32; empty takes the one that fits
     */
    public static BasePrecision of(Precision linears, Optional<Precision> head) {
        return new BasePrecision(
                linears,
                switch (linears) {
                    case FP32 -> Precision.FP32;
                    case BF16, INT8 -> head.orElse(Precision.BF16);
                    case NF4, NF4_SINGLE, FP4, INT4 -> head.orElse(Precision.INT8);
                });
    }

    /** E.g. {@code nf4+int8-head}. */
    @Override
    public String toString() {
        return "%s+%s-head".formatted(linears, head);
    }
}
