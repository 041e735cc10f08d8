package io.livegraft.gpu.quantization;

import java.util.Arrays;

/**
 * The scales of blocks in 8 bits each (QLoRA, section 3, "Double Quantization"), as bitsandbytes does it:
 * <pre>{@code
 *   offset = mean(absmax)       v[b] = absmax[b] − offset       m[k] = max |v[b]|, b in block k of 256
 *   code[b] = entry of MAP nearest to v[b] · (1/m[k])           absmax'[b] = MAP[code[b]] · m[b / 256] + offset
 * }</pre>
 * MAP is the signed dynamic map (Dettmers, arXiv 1511.04561): per decade from 1e-6 to 1 twice as many centres as in the one
 * below, with both signs, 0 and 1.
 */
public final class DoubleQuantization {
    /** Scales per second-level scale. */
    public static final int BLOCK = 256;

    /** Keeps the reciprocal finite where all scales of a block are equal. */
    private static final float SMALLEST_ABSMAX = 1e-38f;

    private static final int DECADES = 7;
    private static final float[] MAP = dynamicMap();

    private DoubleQuantization() {}

    /** The 256 entries, ascending; a copy. */
    public static float[] map() {
        return MAP.clone();
    }

    /** The one array of {@link #map()} for whatever equals it, so that every tensor need not hold its own. */
    public static float[] shared(float[] map) {
        return Arrays.equals(map, MAP) ? MAP : map;
    }

    static Scales.Nested quantize(float[] absMax) {
        float offset = offset(absMax);
        byte[] codes = new byte[absMax.length];
        float[] nested = new float[Math.ceilDiv(absMax.length, BLOCK)];
        for (int block = 0; block < nested.length; block++) {
            int begin = block * BLOCK;
            int end = Math.min(begin + BLOCK, absMax.length);
            for (int i = begin; i < end; i++) {
                nested[block] = Math.max(nested[block], Math.abs(absMax[i] - offset));
            }
            float reciprocal = 1 / Math.max(nested[block], SMALLEST_ABSMAX);
            for (int i = begin; i < end; i++) {
                codes[i] = (byte) nearest((absMax[i] - offset) * reciprocal);
            }
        }
        return new Scales.Nested(codes, nested, BLOCK, offset, MAP);
    }

    /** The mean, summed in order. */
    public static float offset(float[] absMax) {
        double sum = 0;
        for (float value : absMax) {
            sum += value;
        }
        return absMax.length == 0 ? 0 : (float) (sum / absMax.length);
    }

    /** A value strictly above n of them, ascending, is nearest to entry n of {@link #map()}. */
    public static float[] midpoints() {
        float[] midpoints = new float[MAP.length - 1];
        for (int i = 0; i < midpoints.length; i++) {
            midpoints[i] = (MAP[i] + MAP[i + 1]) / 2;
        }
        return midpoints;
    }

    /** Index of the entry nearest to a value in [−1, 1]: the upper of two only above their float32 midpoint. */
    private static int nearest(float value) {
        int found = Arrays.binarySearch(MAP, value);
        if (found >= 0) {
            return found;
        }
        int above = Math.min(-found - 1, MAP.length - 1);
        int below = Math.max(above - 1, 0);
        return value > (MAP[below] + MAP[above]) / 2 ? above : below;
    }

    /** Centres of 2^d equal bins of [0.1, 1], times 10^(d−6), in float32 as the original computes them. */
    private static float[] dynamicMap() {
        float[] map = new float[256];
        map[0] = 0;
        map[1] = 1;
        int size = 2;
        for (int decade = 0; decade < DECADES; decade++) {
            int bins = 1 << decade;
            float scale = (float) Math.pow(10, decade - (DECADES - 1));
            for (int bin = 0; bin < bins; bin++) {
                float centre = scale * ((boundary(bin, bins) + boundary(bin + 1, bins)) / 2);
                map[size++] = centre;
                map[size++] = -centre;
            }
        }
        Arrays.sort(map);
        return map;
    }

    private static float boundary(int index, int bins) {
        float step = (1f - 0.1f) / bins;
        return index <= bins / 2 ? 0.1f + step * index : 1f - step * (bins - index);
    }
}
