package io.livegraft.gpu.cpu;

import io.livegraft.gpu.machinecode.ExponentialKernel;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** {@code s[j] = e^(s[j] − max) / Σ e^(s − max)}, in place. */
final class Softmax {
    private static final VectorSpecies<Float> SPECIES = VectorMath.SPECIES;

    private Softmax() {}

    static void apply(float[] s, int from, int count) {
        scale(s, from, count, exponentials(s, from, count));
    }

    /** {@code s[j] = e^(s[j] − max)}, in place; the factor that makes their sum 1. */
    static float exponentials(float[] s, int from, int count) {
        VectorMath.expShifted(s, from, s, from, count, max(s, from, count));
        return (float) (1 / InterleavedSum.of(s, from, count));
    }

    /** As {@link #exponentials(float[], int, int)}, in the same bits. */
    static float exponentials(ExponentialKernel code, float[] s, int from, int count) {
        double[] totals = new double[InterleavedSum.CHAINS];
        MemorySegment some = MemorySegment.ofArray(s).asSlice((long) Float.BYTES * from);
        code.run(some, some, count, max(code, some, count), MemorySegment.ofArray(totals));
        return (float) (1 / InterleavedSum.of(totals, s, from, count));
    }

    /** As {@link #apply(float[], int, int)}, in the same bits. */
    static void apply(ExponentialKernel code, float[] s, int from, int count) {
        float factor = exponentials(code, s, from, count);
        code.scale(MemorySegment.ofArray(s).asSlice((long) Float.BYTES * from), count, factor);
    }

    /** As {@link #max(float[], int, int)}. */
    static float max(ExponentialKernel code, MemorySegment s, int count) {
        float[] lanes = new float[FloatVector.SPECIES_512.length()];
        code.max(s, count, MemorySegment.ofArray(lanes));
        return lanes[0];
    }

    /** The largest; its bits don't depend on an order. */
    static float max(float[] s, int from, int count) {
        FloatVector max = FloatVector.broadcast(SPECIES, Float.NEGATIVE_INFINITY);
        int j = 0;
        for (; j < SPECIES.loopBound(count); j += SPECIES.length()) {
            FloatVector x = FloatVector.fromArray(SPECIES, s, from + j);
            max = max.blend(x, x.compare(VectorOperators.GT, max));
        }
        if (j < count) {
            VectorMask<Float> mask = SPECIES.indexInRange(j, count);
            FloatVector x = FloatVector.fromArray(SPECIES, s, from + j, mask);
            max = max.blend(x, x.compare(VectorOperators.GT, max).and(mask));
        }
        return max.reduceLanes(VectorOperators.MAX);
    }

    /** {@code s *= factor}. */
    static void scale(float[] s, int from, int count, float factor) {
        int j = 0;
        for (; j <= count - SPECIES.length(); j += SPECIES.length()) {
            FloatVector.fromArray(SPECIES, s, from + j).mul(factor).intoArray(s, from + j);
        }
        if (j < count) {
            VectorMask<Float> mask = SPECIES.indexInRange(j, count);
            FloatVector.fromArray(SPECIES, s, from + j, mask).mul(factor).intoArray(s, from + j, mask);
        }
    }
}
