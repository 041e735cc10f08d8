package io.livegraft.gpu.cpu;

import io.livegraft.gpu.backend.Factor;

/** {@code wᵀ} of a frozen adapter's matrix, in strips for decode steps. */
sealed interface StripFactor extends Factor {
    /** What decode steps multiply with, and prompts that have their bits. */
    StripWeight decode();

    /** Memory it takes. */
    long bytes();

    /**
     * Of registers of 512 bits.
     *
     * @param weight in bfloat16
     * @param decode the same, or whole numbers
     */
    record Strips(StripWeight weight, StripWeight decode) implements StripFactor {
        @Override
        public long bytes() {
            return weight.bytes() + (decode.equals(weight) ? 0 : decode.bytes());
        }
    }

    /**
     * Of narrower ones.
     *
     * @param weight in bfloat16, as it is
     * @param decode whole numbers
     */
    record Rows(Bf16Weight weight, StripWeight decode) implements StripFactor {
        @Override
        public long bytes() {
            return weight.bytes() + decode.bytes();
        }
    }

    static StripFactor of(Factor factor) {
        return (StripFactor) factor;
    }
}
