package io.livegraft.gpu.optimizer;

import io.livegraft.gpu.quantization.DoubleQuantization;
import java.util.Arrays;

/**
 * 256 values in [−1, 1] that are dense near zero, ascending: what one byte of a quantized moment stands for.
 *
 * <p>Both maps are bitsandbytes' {@code create_dynamic_map} (Dettmers, arXiv 1511.04561; Dettmers et al., arXiv 2110.02861,
 * section 1.3). Each holds an exact 0 and an exact 1: without the first, parameters that never see a gradient would drift.
 */
final class DynamicMap {
    /** For m: centres of 2^d bins per decade 10^(d−6), with both signs. */
    static final DynamicMap SIGNED = new DynamicMap(DoubleQuantization.map());

    /** For v, which is never negative: centres of 2^(d+1) bins per decade. */
    static final DynamicMap UNSIGNED = new DynamicMap(unsigned());

    private final float[] values;
    private final int zero;

    private DynamicMap(float[] values) {
        this.values = values;
        this.zero = Arrays.binarySearch(values, 0f);
    }

    float value(byte code) {
        return values[code & 0xFF];
    }

    /** All of them, a new array. */
    float[] values() {
        return values.clone();
    }

    /** The code of an exact 0. */
    byte zero() {
        return (byte) zero;
    }

    /**
     * The code whose value is nearest, the lower of two equally near ones.
     *
     * <p>Sign repair: where rounding lost the sign bit, that is where a small negative value became 0, the code goes one
     * step back towards the sign, so that a momentum never stops pointing where it did. An exact 0 stays 0.
     *
     * @param x in [−1, 1]
     */
    byte encode(float x) {
        int nearest = nearest(x);
        return (byte) (x < 0 && values[nearest] == 0 && nearest > 0 ? nearest - 1 : nearest);
    }

    private int nearest(float x) {
        int found = Arrays.binarySearch(values, x);
        if (found >= 0) {
            return found;
        }
        int above = Math.min(-found - 1, values.length - 1);
        int below = Math.max(above - 1, 0);
        return x - values[below] <= values[above] - x ? below : above;
    }

    private static float[] unsigned() {
        float[] map = new float[256];
        map[1] = 1;
        int size = 2;
        for (int decade = 0; decade < 7; decade++) {
            int bins = 2 << decade;
            double scale = Math.pow(10, decade - 6);
            for (int bin = 0; bin < bins; bin++) {
                map[size++] = (float) (scale * (0.1 + 0.9 * (bin + 0.5) / bins));
            }
        }
        Arrays.sort(map);
        return map;
    }
}
