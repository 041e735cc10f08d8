package io.livegraft.gpu.generation;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Draws token ids from logits (V); one generator a request, so neighbours never change what is drawn.
 *
 * <pre>{@code
 *   p[v] ∝ e^(logits[v] / temperature)      over the top-k, and of these the smallest set that reaches top-p of their mass
 * }</pre>
 *
 * Temperature 0 takes the largest logit. Top-p is nucleus sampling (Holtzman et al., arXiv 1904.09751, section 3.1).
 */
public final class Sampler {
    private final SamplingSettings settings;
    private final SplittableRandom random;

    public Sampler(SamplingSettings settings) {
        this.settings = settings;
        this.random = new SplittableRandom(settings.seed());
    }

    /** The next id; ties go to the lower one. */
    public int next(float[] logits) {
        if (settings.temperature() == 0) {
            return argmax(logits);
        }
        int[] order = descending(logits);
        int kept = settings.topK() == 0 ? order.length : Math.min(settings.topK(), order.length);
        double[] weights = new double[kept];
        double total = 0;
        for (int i = 0; i < kept; i++) {
            weights[i] = StrictMath.exp((logits[order[i]] - logits[order[0]]) / settings.temperature());
            total += weights[i];
        }
        return order[draw(weights, nucleus(weights, total))];
    }

    /** Ids by falling logit, ties by id: a sort of longs, which have both in their bits. */
    private static int[] descending(float[] logits) {
        long[] keys = new long[logits.length];
        for (int id = 0; id < keys.length; id++) {
            int bits = Float.floatToIntBits(-logits[id]);
            keys[id] = ((long) (bits ^ ((bits >> 31) & Integer.MAX_VALUE)) << 32) | id;
        }
        Arrays.sort(keys);
        int[] ids = new int[keys.length];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = (int) keys[i];
        }
        return ids;
    }

    /** How many of the weights, largest first, are needed to reach top-p of the total. */
    private int nucleus(double[] weights, double total) {
        double sum = 0;
        for (int i = 0; i < weights.length; i++) {
            sum += weights[i];
            if (sum >= settings.topP() * total) {
                return i + 1;
            }
        }
        return weights.length;
    }

    private int draw(double[] weights, int kept) {
        double mass = 0;
        for (int i = 0; i < kept; i++) {
            mass += weights[i];
        }
        double point = random.nextDouble() * mass;
        for (int i = 0; i < kept - 1; i++) {
            point -= weights[i];
            if (point < 0) {
                return i;
            }
        }
        return kept - 1;
    }

    private static int argmax(float[] logits) {
        int best = 0;
        float largest = logits[0];
        for (int id = 1; id < logits.length; id++) {
            if (logits[id] > largest) {
                largest = logits[id];
                best = id;
            }
        }
        return best;
    }
}
