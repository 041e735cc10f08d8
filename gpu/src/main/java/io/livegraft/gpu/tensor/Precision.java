package io.livegraft.gpu.tensor;

import java.util.Arrays;
import java.util.Locale;

/** How the weights of the seven linear kinds are kept; all else is float32. */
public enum Precision {
    FP32,
    BF16,
    /** 4-bit NormalFloat in blocks of 64 with double quantization: 4.127 bits a weight. */
    NF4,
    /** The same with float32 scales: 4.5 bits. */
    NF4_SINGLE,
    /** 4-bit float with double quantization, the default of bitsandbytes' Linear4bit: 4.127 bits. */
    FP4,
    /** 8-bit whole numbers with a scale per row, as LLM.int8 keeps weights. */
    INT8,
    /** 4-bit whole numbers in blocks of 64 with float32 scales, the baseline that NF4 is compared with: 4.5 bits. */
    INT4;

    /** Whether values are whole numbers that need their scales. */
    public boolean quantized() {
        return this != FP32 && this != BF16;
    }

    /** As settings and the command line spell it, e.g. {@code nf4-single}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** The inverse of {@link #toString}, in upper or lower case; {@link IllegalArgumentException} for any other name. */
    public static Precision of(String name) {
        for (Precision precision : values()) {
            if (precision.toString().equalsIgnoreCase(name)) {
                return precision;
            }
        }
        throw new IllegalArgumentException(
                "precision is '%s', expected one of %s".formatted(name, Arrays.toString(values())));
    }
}
