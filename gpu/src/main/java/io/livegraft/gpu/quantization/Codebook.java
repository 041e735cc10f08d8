package io.livegraft.gpu.quantization;

/**
 * What the 4-bit indices of a block format stand for, as fractions of the block's largest magnitude, and which values become
 * which index.
 *
 * <p>{@link #NF4} and {@link #FP4} are those of bitsandbytes, bit for bit (get_4bit_type in its functional.py; dQuantizeNF4
 * and dQuantizeFP4 in its kernels.cu). {@link #INT4} is the linear grid that they are compared with and is in no checkpoint.
 */
@SuppressWarnings("ImmutableEnumChecker") // the arrays are never given away
public enum Codebook {
    /**
     * 4-bit NormalFloat (QLoRA, arXiv 2305.14314, equation 4): quantiles of the normal distribution with an exact zero and
     * both ends. A value above the i-th threshold, the float32 midpoint between neighbours, has an index above i. Hard-coded
     * since computed quantiles differ in the last bits.
     */
    NF4(
            new float[] {
                -1.0f,
                -0.6961928f,
                -0.52507305f,
                -0.3949175f,
                -0.28444138f,
                -0.18477343f,
                -0.091050036f,
                0.0f,
                0.0795803f,
                0.1609302f,
                0.2461123f,
                0.33791524f,
                0.44070983f,
                0.562617f,
                0.72295684f,
                1.0f,
            },
            new float[] {
                -0.8480964f,
                -0.6106329f,
                -0.45999527f,
                -0.33967942f,
                -0.2346074f,
                -0.13791174f,
                -0.045525018f,
                0.03979015f,
                0.12025525f,
                0.20352125f,
                0.29201376f,
                0.38931254f,
                0.50166345f,
                0.6427869f,
                0.86147845f,
            }) {
        @Override
        public int index(float normalized) {
            return thresholdsBelow(normalized);
        }
    },

    /**
     * 4-bit float with 2 exponent bits and 1 of mantissa: magnitudes 0, 1/16, 2, 3, 4, 6, 8, 12, all ÷ 12. Bit 3 of an index
     * is the sign; thresholds are on magnitudes, and the literals of bitsandbytes, not quite all midpoints.
     */
    FP4(
            new float[] {
                0 / 12f, 0.0625f / 12f, 8 / 12f, 12 / 12f, 4 / 12f, 6 / 12f, 2 / 12f, 3 / 12f,
                0 / 12f, -0.0625f / 12f, -8 / 12f, -12 / 12f, -4 / 12f, -6 / 12f, -2 / 12f, -3 / 12f,
            },
            new float[] {0.00260417f, 0.0859375f, 0.20833333f, 0.29166666f, 0.4166667f, 0.583333f, 0.8333333f}) {
        @Override
        public int index(float normalized) {
            int sign = normalized < 0 ? 0b1000 : 0;
            return sign | FP4_BY_MAGNITUDE[thresholdsBelow(Math.abs(normalized))];
        }
    },

    /** Absmax-scaled whole numbers −7 to 7, ÷ 7, as index 1 to 15; index 0 would be −8/7 and is never made. */
    INT4(wholeNumbers(-8), halves()) {
        @Override
        public int index(float normalized) {
            return thresholdsBelow(normalized);
        }
    };

    /** FP4's indices by rising magnitude. */
    private static final int[] FP4_BY_MAGNITUDE = {0b000, 0b001, 0b110, 0b111, 0b100, 0b101, 0b010, 0b011};

    private final float[] levels;
    private final float[] thresholds;
    /** Of the thresholds; none is a zero, whose two signs differ here. */
    private final int[] places;

    Codebook(float[] levels, float[] thresholds) {
        this.levels = levels;
        this.thresholds = thresholds;
        this.places = new int[thresholds.length];
        for (int i = 0; i < places.length; i++) {
            places[i] = place(thresholds[i]);
        }
    }

    /** The index, 0 to 15, of a value that was divided by its block's largest magnitude. */
    public abstract int index(float normalized);

    /** The 16 levels by index; a copy. */
    public float[] levels() {
        return levels.clone();
    }

    /** Ascending; a copy. */
    public float[] thresholds() {
        return thresholds.clone();
    }

    /**
     * Number of thresholds strictly below a value, by bisection; there are 2ⁿ − 1 of them. On integers and without a branch, since
     * no processor guesses which way a weight goes.
     */
    final int thresholdsBelow(float value) {
        long place = place(value);
        int below = 0;
        for (int half = (places.length + 1) / 2; half > 0; half /= 2) {
            below += half & (int) ((places[below + half - 1] - place) >> 63);
        }
        return below;
    }

    /** Whole numbers in the order of the floats. */
    private static int place(float value) {
        int bits = Float.floatToRawIntBits(value);
        return bits ^ ((bits >> 31) & Integer.MAX_VALUE);
    }

    private static float[] wholeNumbers(int from) {
        float[] levels = new float[16];
        for (int i = 0; i < levels.length; i++) {
            levels[i] = (from + i) / 7f;
        }
        return levels;
    }

    /** Between neighbours; the lowest, which nothing in [−1, 1] is below, keeps index 0 from being made. */
    private static float[] halves() {
        float[] halves = new float[15];
        for (int i = 0; i < halves.length; i++) {
            halves[i] = (i - 7.5f) / 7f;
        }
        return halves;
    }
}
