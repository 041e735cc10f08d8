package io.livegraft.gpu.backend;

import java.util.Arrays;
import java.util.List;
import java.util.PriorityQueue;

/**
 * Draws token ids from logits (V) in host memory: what {@link Backend#draw} is on any device. Masses are whole numbers, so that no
 * sum depends on its order.
 *
 * <pre>{@code
 *   mass[v] = ⌊2⁴⁰ · e^((logits[v] − max) / temperature)⌋
 *   kept    = the top-k by falling logit, then rising id; of these the first that reach ⌈top-p · their mass⌉
 *   id      = the first behind which the sum of the kept masses is above ⌊point · the sum of all of them⌋
 * }</pre>
 *
 * Sums go on by falling logit; by id where all are kept. Top-p is nucleus sampling (Holtzman et al., arXiv 1904.09751, section 3.1).
 * Only what can be in the set is sorted. A distribution that is none, without a finite largest logit, gives that logit's id.
 */
public final class HostSampling {
    private static final float ONE = 0x1p40f;
    /** Of weights from 1 on, nats: half of it again is as many as are ever asked for behind, since masses end at 28. */
    private static final double NEAREST = 3;

    private float[] weights = new float[0];
    private float[] room = new float[0];

    /** {@link Backend#draw} by rows that are downloaded one after the other. */
    public DrawnLogits draw(Backend backend, Tensor logits, int[] rows, List<Draw> draws) {
        if (room.length != logits.columns()) {
            room = new float[logits.columns()];
        }
        DrawnLogits drawn = new DrawnLogits(new int[rows.length], new float[rows.length]);
        for (int i = 0; i < rows.length; i++) {
            backend.download(room, backend.rows(logits, rows[i], 1));
            drawn.ids()[i] = draw(room, draws.get(i));
            drawn.values()[i] = room[drawn.ids()[i]];
        }
        return drawn;
    }

    /** The logits are as before when it returns. */
    public int draw(float[] logits, Draw draw) {
        float[] unadjusted = new float[draw.adjustments().size()];
        for (int i = 0; i < unadjusted.length; i++) {
            Draw.Adjustment one = draw.adjustments().get(i);
            unadjusted[i] = logits[one.id()];
            logits[one.id()] = one.adjusted(unadjusted[i]);
        }
        int id = adjusted(logits, draw);
        for (int i = 0; i < unadjusted.length; i++) {
            logits[draw.adjustments().get(i).id()] = unadjusted[i];
        }
        return id;
    }

    private int adjusted(float[] logits, Draw draw) {
        int largest = LargestLogits.idOf(logits);
        if (draw.temperature() == 0) {
            return largest;
        }
        long total = weigh(logits, logits[largest], draw.scale());
        if (total == 0) {
            return largest;
        }
        if (!draw.keepsSome(logits.length)) {
            return byId(target(draw, total));
        }
        if (draw.topK() > 0 && draw.topK() < logits.length) {
            long[] kept = largest(logits, draw.topK());
            return drawn(kept, mass(kept, kept.length), draw);
        }
        return drawn(near(logits, logits[largest], reach(draw, total), draw.scale()), total, draw);
    }

    /** The weight of every id, at most 1, and the sum of their masses. */
    private long weigh(float[] logits, float largest, float scale) {
        if (weights.length != logits.length) {
            weights = new float[logits.length];
        }
        Exponential.of(weights, logits, largest, scale);
        long total = 0;
        for (float weight : weights) {
            total += (long) (weight * ONE);
        }
        return total;
    }

    private long mass(int id) {
        return (long) (weights[id] * ONE);
    }

    private long mass(long[] keys, int count) {
        long sum = 0;
        for (int i = 0; i < count; i++) {
            sum += mass((int) keys[i]);
        }
        return sum;
    }

    private static long reach(Draw draw, long total) {
        return Math.clamp((long) Math.ceil(draw.topP() * total), 1, total);
    }

    private static long target(Draw draw, long total) {
        return Math.min((long) (draw.point() * total), total - 1);
    }

    private int byId(long target) {
        long sum = 0;
        int id = -1;
        while (sum <= target) {
            id++;
            sum += mass(id);
        }
        return id;
    }

    /** One of the nucleus of these, the likeliest first; they and the rest have the mass {@code total}. */
    private int drawn(long[] keys, long total, Draw draw) {
        long target = target(draw, mass(keys, behind(keys, reach(draw, total) - 1)));
        return (int) keys[behind(keys, target) - 1];
    }

    /** How many of these have a sum above {@code beyond}. */
    private int behind(long[] keys, long beyond) {
        long sum = 0;
        int count = 0;
        while (sum <= beyond) {
            sum += mass((int) keys[count]);
            count++;
        }
        return count;
    }

    /** As many of the likeliest as have at least this mass, keys in order. */
    private long[] near(float[] logits, float largest, long mass, float scale) {
        double distance = NEAREST;
        float least = (float) (largest - distance / scale);
        while (massFrom(logits, least) < mass) {
            distance *= 2;
            least = (float) (largest - distance / scale);
        }
        long[] keys = new long[logits.length];
        int count = 0;
        for (int id = 0; id < logits.length; id++) {
            if (logits[id] >= least) {
                keys[count++] = key(logits[id], id);
            }
        }
        Arrays.sort(keys, 0, count);
        return Arrays.copyOf(keys, count);
    }

    private long massFrom(float[] logits, float least) {
        long sum = 0;
        for (int id = 0; id < logits.length; id++) {
            sum += logits[id] >= least ? mass(id) : 0;
        }
        return sum;
    }

    /** The ids of the {@code count} largest logits, the lower one of equal ones first. */
    public static int[] likeliest(float[] logits, int count) {
        return Arrays.stream(largest(logits, count)).mapToInt(key -> (int) key).toArray();
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

    /** Falls as the logit rises, and rises with the id among equal logits, which stands in its lower half. */
    private static long key(float logit, int id) {
        int bits = Float.floatToIntBits(-logit);
        return ((long) (bits ^ ((bits >> 31) & Integer.MAX_VALUE)) << 32) | id;
    }
}
