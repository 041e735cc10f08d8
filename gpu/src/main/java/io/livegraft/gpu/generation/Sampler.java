package io.livegraft.gpu.generation;

import io.livegraft.gpu.backend.LargestLogits;
import java.util.Arrays;
import java.util.PriorityQueue;
import java.util.SplittableRandom;

/**
 * Draws token ids from logits (V); one generator a request, so neighbours never change what is drawn.
 *
 * <pre>{@code
 *   p[v] ∝ e^(logits[v] / temperature)      over the top-k, and of these the smallest set that reaches top-p of their mass
 * }</pre>
 *
 * Temperature 0 takes the largest logit. Top-p is nucleus sampling (Holtzman et al., arXiv 1904.09751, section 3.1). Only what can
 * be in the set is sorted.
 */
public final class Sampler {
    /** Of 1 / temperature: with more, 0 · ∞ would be no number. */
    private static final double STEEPEST = 1e30;

    private final SamplingSettings settings;
    private final SplittableRandom random;
    private final AdjustedLogits adjusted;
    private float[] weights = new float[0];

    public Sampler(SamplingSettings settings) {
        this.settings = settings;
        this.random = new SplittableRandom(settings.seed());
        this.adjusted = new AdjustedLogits(settings.adjustment());
    }

    /** The next id; ties go to the lower one. The logits are as before when it returns. */
    public int next(float[] logits) {
        adjusted.adjust(logits);
        int token = drawn(logits);
        adjusted.restore(logits);
        adjusted.drawn(token);
        return token;
    }

    /** Ids by falling logit, at most {@code count}; ties go to the lower ones. */
    public static int[] likeliest(float[] logits, int count) {
        return Arrays.stream(largest(logits, count)).mapToInt(key -> (int) key).toArray();
    }

    private int drawn(float[] logits) {
        int likeliest = LargestLogits.idOf(logits);
        if (settings.temperature() == 0) {
            return likeliest;
        }
        double total = weigh(logits, logits[likeliest]);
        boolean some = settings.topK() > 0 && settings.topK() < logits.length;
        if (!some && settings.topP() == 1) {
            return draw(total);
        }
        if (some) {
            long[] kept = largest(logits, settings.topK());
            return draw(kept, mass(kept, kept.length));
        }
        return draw(heaviest(logits, total), total);
    }

    /** The weight of every id, at most 1, and their sum. */
    private double weigh(float[] logits, float largest) {
        if (weights.length != logits.length) {
            weights = new float[logits.length];
        }
        float scale = (float) Math.min(1 / settings.temperature(), STEEPEST);
        Exponential.of(weights, logits, largest, scale);
        double total = 0;
        for (float weight : weights) {
            total += weight;
        }
        return total;
    }

    /** The {@code count} largest logits, keys in order. */
    private static long[] largest(float[] logits, int count) {
        PriorityQueue<Long> kept = new PriorityQueue<>(count + 1, (a, b) -> Long.compare(b, a));
        long worst = Long.MAX_VALUE;
        for (int id = 0; id < logits.length; id++) {
            long key = key(logits[id], id);
            if (key < worst || kept.size() < count) {
                kept.add(key);
                if (kept.size() > count) {
                    kept.remove();
                }
                worst = kept.element();
            }
        }
        return kept.stream().mapToLong(Long::longValue).sorted().toArray();
    }

    /** The ids above a weight that together reach top-p, keys in order. */
    private long[] heaviest(float[] logits, double total) {
        float least = 1f / 16;
        while (massFrom(least) < settings.topP() * total) {
            least /= 16;
        }
        long[] keys = new long[logits.length];
        int count = 0;
        for (int id = 0; id < logits.length; id++) {
            if (weights[id] >= least) {
                keys[count++] = key(logits[id], id);
            }
        }
        Arrays.sort(keys, 0, count);
        return Arrays.copyOf(keys, count);
    }

    private double massFrom(float least) {
        double sum = 0;
        for (float weight : weights) {
            sum += weight >= least ? weight : 0;
        }
        return sum;
    }

    /** Falls as the logit rises, and rises with the id among equal logits, which stands in its lower half. */
    private static long key(float logit, int id) {
        int bits = Float.floatToIntBits(-logit);
        return ((long) (bits ^ ((bits >> 31) & Integer.MAX_VALUE)) << 32) | id;
    }

    /** One of all ids. */
    private int draw(double total) {
        double point = random.nextDouble() * total;
        for (int id = 0; id < weights.length - 1; id++) {
            point -= weights[id];
            if (point < 0) {
                return id;
            }
        }
        return weights.length - 1;
    }

    /** One of the nucleus of these, the heaviest first; they and the rest have the mass {@code total}. */
    private int draw(long[] keys, double total) {
        int kept = nucleus(keys, total);
        double point = random.nextDouble() * mass(keys, kept);
        for (int i = 0; i < kept - 1; i++) {
            point -= weight(keys[i]);
            if (point < 0) {
                return (int) keys[i];
            }
        }
        return (int) keys[kept - 1];
    }

    /** How many of these are needed to reach top-p of the total. */
    private int nucleus(long[] keys, double total) {
        double sum = 0;
        for (int i = 0; i < keys.length; i++) {
            sum += weight(keys[i]);
            if (sum >= settings.topP() * total) {
                return i + 1;
            }
        }
        return keys.length;
    }

    private double mass(long[] keys, int count) {
        double sum = 0;
        for (int i = 0; i < count; i++) {
            sum += weight(keys[i]);
        }
        return sum;
    }

    private double weight(long key) {
        return weights[(int) key];
    }
}
