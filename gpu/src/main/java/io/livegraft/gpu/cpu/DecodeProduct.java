package io.livegraft.gpu.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@code y = x · wᵀ} of a decode step: few rows, so that reading the weight is the work. A 4-bit weight is looked up in
 * registers and never stored; the lookup of four rows is one.
 *
 * <pre>{@code
 *   a[l] = Σ_b s[b] · ( fma over c = 0..3 of level(w[o, 64b + i(c,l)]) · x[n, 64b + i(c,l)] )      l = 0..15, in order of b
 *   y[n,o] = tree sum of a: lanes 8 apart, then 4, 2, 1
 *   i = 2l, 2l + 1, 32 + 2l, 32 + 2l + 1 for c = 0..3
 * }</pre>
 *
 * One element's arithmetic is the same for every number of rows (law 3).
 */
final class DecodeProduct {
    private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_512;
    private static final VectorSpecies<Short> SHORTS = ShortVector.SPECIES_512;
    private static final VectorShuffle<Float> ACROSS_8 = VectorShuffle.fromOp(FLOATS, lane -> lane ^ 8);
    private static final VectorShuffle<Float> ACROSS_4 = VectorShuffle.fromOp(FLOATS, lane -> lane ^ 4);
    private static final VectorShuffle<Float> ACROSS_2 = VectorShuffle.fromOp(FLOATS, lane -> lane ^ 2);
    private static final VectorShuffle<Float> ACROSS_1 = VectorShuffle.fromOp(FLOATS, lane -> lane ^ 1);
    private static final VectorMask<Float> UPPER_8 = VectorMask.fromLong(FLOATS, 0xFF00);
    private static final VectorMask<Float> UPPER_4 = VectorMask.fromLong(FLOATS, 0xF0F0);
    private static final int LANES = 16;
    /** Where {@link #totals} leaves the sums of its four vectors. */
    private static final int[] SUM_LANES = {0, 8, 4, 12};

    private static final int BLOCK = PlaneWeight.BLOCK;
    private static final int ROWS = 4;
    private static final int FEATURES = 4;
    /** Output features of a task: enough work to be worth handing over. */
    private static final int TASK_FEATURES = 64;

    private static final long PARALLEL_WEIGHTS = 100_000;

    private DecodeProduct() {}

    static void run(Workers workers, CpuTensor y, CpuTensor x, PlaneWeight w) {
        x.requireShape(y.rows(), w.inputFeatures());
        y.requireShape(x.rows(), w.outputFeatures());
        float[] inputs = evenThenOdd(x);
        share(workers, w, (from, to) -> features(y, inputs, w, from, to));
    }

    /** Output features from one to before another. */
    interface Features {
        void compute(int from, int to);
    }

    /** Cuts the output features into tasks; a small weight is one. */
    static void share(Workers workers, CpuLinearWeight w, Features features) {
        int out = w.outputFeatures();
        if ((long) out * w.inputFeatures() < PARALLEL_WEIGHTS) {
            features.compute(0, out);
        } else {
            workers.run(Math.ceilDiv(out, TASK_FEATURES), task -> {
                int from = task * TASK_FEATURES;
                features.compute(from, Math.min(out, from + TASK_FEATURES));
            });
        }
    }

    /** Within every 32 inputs the even ones first, as a word's lanes hold them. */
    static float[] evenThenOdd(CpuTensor x) {
        float[] out = new float[x.size()];
        for (int i = 0; i < out.length; i += 2 * LANES) {
            for (int lane = 0; lane < LANES; lane++) {
                out[i + lane] = x.data()[x.offset() + i + 2 * lane];
                out[i + LANES + lane] = x.data()[x.offset() + i + 2 * lane + 1];
            }
        }
        return out;
    }

    private static void features(CpuTensor y, float[] inputs, PlaneWeight w, int from, int to) {
        int blocks = w.inputFeatures() / BLOCK;
        float[] scales = new float[FEATURES * blocks];
        float[] sums = new float[4 * LANES];
        int o = from;
        for (; o + FEATURES <= to; o += FEATURES) {
            w.scales().copy(scales, o * blocks, FEATURES * blocks);
            int n = 0;
            for (; n + ROWS <= y.rows(); n += ROWS) {
                for (int f = 0; f < FEATURES; f++) {
                    fourRows(sums, inputs, n, blocks, w.words(), w.levels(), scales, f * blocks, (o + f) * blocks);
                    totals(sums);
                    for (int r = 0; r < ROWS; r++) {
                        y.data()[y.row(n + r) + o + f] = sums[SUM_LANES[r]];
                    }
                }
            }
            for (; n < y.rows(); n++) {
                fourFeatures(sums, inputs, n, blocks, w.words(), w.levels(), scales, o * blocks);
                totals(sums);
                copyTotals(y.data(), y.row(n) + o, sums);
            }
        }
        for (; o < to; o++) {
            w.scales().copy(scales, o * blocks, blocks);
            for (int n = 0; n < y.rows(); n++) {
                y.data()[y.row(n) + o] = one(sums, inputs, n, blocks, w.words(), w.levels(), scales, o * blocks);
            }
        }
    }

    private static float one(
            float[] sums, float[] x, int n, int blocks, short[] words, float[] levels, float[] scales, int block) {
        IntVector table = FloatVector.fromArray(FLOATS, levels, 0).reinterpretAsInts();
        FloatVector sum = FloatVector.zero(FLOATS);
        for (int b = 0; b < blocks; b++) {
            int i = (n * blocks + b) * BLOCK;
            FloatVector x0 = FloatVector.fromArray(FLOATS, x, i);
            FloatVector x1 = FloatVector.fromArray(FLOATS, x, i + LANES);
            FloatVector x2 = FloatVector.fromArray(FLOATS, x, i + 2 * LANES);
            FloatVector x3 = FloatVector.fromArray(FLOATS, x, i + 3 * LANES);
            sum = block(word(words, block + b), table, x0, x1, x2, x3)
                    .fma(FloatVector.broadcast(FLOATS, scales[b]), sum);
        }
        sum.intoArray(sums, 0);
        return firstTotal(sums);
    }

    /**
     * Four features of one row: the inputs are read once. Written out, because a vector that crosses a call which isn't inlined is
     * boxed: seven times slower when the four parts were a method.
     */
    private static void fourFeatures(
            float[] sums, float[] x, int n, int blocks, short[] words, float[] levels, float[] scales, int block) {
        IntVector table = FloatVector.fromArray(FLOATS, levels, 0).reinterpretAsInts();
        FloatVector s0 = FloatVector.zero(FLOATS);
        FloatVector s1 = FloatVector.zero(FLOATS);
        FloatVector s2 = FloatVector.zero(FLOATS);
        FloatVector s3 = FloatVector.zero(FLOATS);
        for (int b = 0; b < blocks; b++) {
            int i = (n * blocks + b) * BLOCK;
            FloatVector x0 = FloatVector.fromArray(FLOATS, x, i);
            FloatVector x1 = FloatVector.fromArray(FLOATS, x, i + LANES);
            FloatVector x2 = FloatVector.fromArray(FLOATS, x, i + 2 * LANES);
            FloatVector x3 = FloatVector.fromArray(FLOATS, x, i + 3 * LANES);
            int b0 = block + b;
            IntVector w0 = ShortVector.fromArray(SHORTS, words, (b0 >> 1) * 32)
                    .reinterpretAsInts()
                    .lanewise(VectorOperators.LSHR, (b0 & 1) * 8);
            FloatVector p0 = w0.selectFrom(table).reinterpretAsFloats().mul(x0);
            p0 = w0.lanewise(VectorOperators.LSHR, 16)
                    .selectFrom(table)
                    .reinterpretAsFloats()
                    .fma(x1, p0);
            p0 = w0.lanewise(VectorOperators.LSHR, 4)
                    .selectFrom(table)
                    .reinterpretAsFloats()
                    .fma(x2, p0);
            p0 = w0.lanewise(VectorOperators.LSHR, 20)
                    .selectFrom(table)
                    .reinterpretAsFloats()
                    .fma(x3, p0);
            s0 = p0.fma(FloatVector.broadcast(FLOATS, scales[b]), s0);
            int b1 = block + blocks + b;
            IntVector w1 = ShortVector.fromArray(SHORTS, words, (b1 >> 1) * 32)
                    .reinterpretAsInts()
                    .lanewise(VectorOperators.LSHR, (b1 & 1) * 8);
            FloatVector p1 = w1.selectFrom(table).reinterpretAsFloats().mul(x0);
            p1 = w1.lanewise(VectorOperators.LSHR, 16)
                    .selectFrom(table)
                    .reinterpretAsFloats()
                    .fma(x1, p1);
            p1 = w1.lanewise(VectorOperators.LSHR, 4)
                    .selectFrom(table)
                    .reinterpretAsFloats()
                    .fma(x2, p1);
            p1 = w1.lanewise(VectorOperators.LSHR, 20)
                    .selectFrom(table)
                    .reinterpretAsFloats()
                    .fma(x3, p1);
            s1 = p1.fma(FloatVector.broadcast(FLOATS, scales[blocks + b]), s1);
            int b2 = block + 2 * blocks + b;
            IntVector w2 = ShortVector.fromArray(SHORTS, words, (b2 >> 1) * 32)
                    .reinterpretAsInts()
                    .lanewise(VectorOperators.LSHR, (b2 & 1) * 8);
            FloatVector p2 = w2.selectFrom(table).reinterpretAsFloats().mul(x0);
            p2 = w2.lanewise(VectorOperators.LSHR, 16)
                    .selectFrom(table)
                    .reinterpretAsFloats()
                    .fma(x1, p2);
            p2 = w2.lanewise(VectorOperators.LSHR, 4)
                    .selectFrom(table)
                    .reinterpretAsFloats()
                    .fma(x2, p2);
            p2 = w2.lanewise(VectorOperators.LSHR, 20)
                    .selectFrom(table)
                    .reinterpretAsFloats()
                    .fma(x3, p2);
            s2 = p2.fma(FloatVector.broadcast(FLOATS, scales[2 * blocks + b]), s2);
            int b3 = block + 3 * blocks + b;
            IntVector w3 = ShortVector.fromArray(SHORTS, words, (b3 >> 1) * 32)
                    .reinterpretAsInts()
                    .lanewise(VectorOperators.LSHR, (b3 & 1) * 8);
            FloatVector p3 = w3.selectFrom(table).reinterpretAsFloats().mul(x0);
            p3 = w3.lanewise(VectorOperators.LSHR, 16)
                    .selectFrom(table)
                    .reinterpretAsFloats()
                    .fma(x1, p3);
            p3 = w3.lanewise(VectorOperators.LSHR, 4)
                    .selectFrom(table)
                    .reinterpretAsFloats()
                    .fma(x2, p3);
            p3 = w3.lanewise(VectorOperators.LSHR, 20)
                    .selectFrom(table)
                    .reinterpretAsFloats()
                    .fma(x3, p3);
            s3 = p3.fma(FloatVector.broadcast(FLOATS, scales[3 * blocks + b]), s3);
        }
        s0.intoArray(sums, 0);
        s1.intoArray(sums, LANES);
        s2.intoArray(sums, 2 * LANES);
        s3.intoArray(sums, 3 * LANES);
    }

    private static FloatVector block(
            IntVector w, IntVector table, FloatVector x0, FloatVector x1, FloatVector x2, FloatVector x3) {
        FloatVector p = level(w, table).mul(x0);
        p = level(w.lanewise(VectorOperators.LSHR, 16), table).fma(x1, p);
        p = level(w.lanewise(VectorOperators.LSHR, 4), table).fma(x2, p);
        return level(w.lanewise(VectorOperators.LSHR, 20), table).fma(x3, p);
    }

    private static void fourRows(
            float[] sums,
            float[] x,
            int n,
            int blocks,
            short[] words,
            float[] levels,
            float[] scales,
            int firstScale,
            int block) {
        IntVector table = FloatVector.fromArray(FLOATS, levels, 0).reinterpretAsInts();
        FloatVector s0 = FloatVector.zero(FLOATS);
        FloatVector s1 = FloatVector.zero(FLOATS);
        FloatVector s2 = FloatVector.zero(FLOATS);
        FloatVector s3 = FloatVector.zero(FLOATS);
        int depth = blocks * BLOCK;
        for (int b = 0; b < blocks; b++) {
            IntVector w = ShortVector.fromArray(SHORTS, words, ((block + b) >> 1) * 32)
                    .reinterpretAsInts()
                    .lanewise(VectorOperators.LSHR, ((block + b) & 1) * 8);
            FloatVector w0 = w.selectFrom(table).reinterpretAsFloats();
            FloatVector w1 =
                    w.lanewise(VectorOperators.LSHR, 16).selectFrom(table).reinterpretAsFloats();
            FloatVector w2 =
                    w.lanewise(VectorOperators.LSHR, 4).selectFrom(table).reinterpretAsFloats();
            FloatVector w3 =
                    w.lanewise(VectorOperators.LSHR, 20).selectFrom(table).reinterpretAsFloats();
            FloatVector scale = FloatVector.broadcast(FLOATS, scales[firstScale + b]);
            int i0 = n * depth + b * BLOCK;
            int i1 = i0 + depth;
            int i2 = i1 + depth;
            int i3 = i2 + depth;
            FloatVector p0 = w0.mul(FloatVector.fromArray(FLOATS, x, i0));
            p0 = w1.fma(FloatVector.fromArray(FLOATS, x, i0 + LANES), p0);
            p0 = w2.fma(FloatVector.fromArray(FLOATS, x, i0 + 2 * LANES), p0);
            p0 = w3.fma(FloatVector.fromArray(FLOATS, x, i0 + 3 * LANES), p0);
            s0 = p0.fma(scale, s0);
            FloatVector p1 = w0.mul(FloatVector.fromArray(FLOATS, x, i1));
            p1 = w1.fma(FloatVector.fromArray(FLOATS, x, i1 + LANES), p1);
            p1 = w2.fma(FloatVector.fromArray(FLOATS, x, i1 + 2 * LANES), p1);
            p1 = w3.fma(FloatVector.fromArray(FLOATS, x, i1 + 3 * LANES), p1);
            s1 = p1.fma(scale, s1);
            FloatVector p2 = w0.mul(FloatVector.fromArray(FLOATS, x, i2));
            p2 = w1.fma(FloatVector.fromArray(FLOATS, x, i2 + LANES), p2);
            p2 = w2.fma(FloatVector.fromArray(FLOATS, x, i2 + 2 * LANES), p2);
            p2 = w3.fma(FloatVector.fromArray(FLOATS, x, i2 + 3 * LANES), p2);
            s2 = p2.fma(scale, s2);
            FloatVector p3 = w0.mul(FloatVector.fromArray(FLOATS, x, i3));
            p3 = w1.fma(FloatVector.fromArray(FLOATS, x, i3 + LANES), p3);
            p3 = w2.fma(FloatVector.fromArray(FLOATS, x, i3 + 2 * LANES), p3);
            p3 = w3.fma(FloatVector.fromArray(FLOATS, x, i3 + 3 * LANES), p3);
            s3 = p3.fma(scale, s3);
        }
        s0.intoArray(sums, 0);
        s1.intoArray(sums, LANES);
        s2.intoArray(sums, 2 * LANES);
        s3.intoArray(sums, 3 * LANES);
    }

    /** The lanes of one block's half of its group, lowest index in the low bits. */
    private static IntVector word(short[] words, int block) {
        return ShortVector.fromArray(SHORTS, words, (block >> 1) * 32)
                .reinterpretAsInts()
                .lanewise(VectorOperators.LSHR, (block & 1) * 8);
    }

    private static FloatVector level(IntVector indices, IntVector table) {
        return indices.selectFrom(table).reinterpretAsFloats();
    }

    /**
     * Adds the lanes of four vectors up: the halves of two vectors are added in one. They come through memory, because a
     * vector that crosses a call would be boxed.
     */
    static void totals(float[] sums) {
        FloatVector s0 = FloatVector.fromArray(FLOATS, sums, 0);
        FloatVector s1 = FloatVector.fromArray(FLOATS, sums, LANES);
        FloatVector s2 = FloatVector.fromArray(FLOATS, sums, 2 * LANES);
        FloatVector s3 = FloatVector.fromArray(FLOATS, sums, 3 * LANES);
        FloatVector a = s0.blend(s1.rearrange(ACROSS_8), UPPER_8)
                .add(s0.rearrange(ACROSS_8).blend(s1, UPPER_8));
        FloatVector b = s2.blend(s3.rearrange(ACROSS_8), UPPER_8)
                .add(s2.rearrange(ACROSS_8).blend(s3, UPPER_8));
        FloatVector c = a.blend(b.rearrange(ACROSS_4), UPPER_4)
                .add(a.rearrange(ACROSS_4).blend(b, UPPER_4));
        c = c.add(c.rearrange(ACROSS_2));
        c.add(c.rearrange(ACROSS_1)).intoArray(sums, 0);
    }

    /** The four sums that {@link #totals} has left. */
    static void copyTotals(float[] out, int to, float[] sums) {
        for (int i = 0; i < SUM_LANES.length; i++) {
            out[to + i] = sums[SUM_LANES[i]];
        }
    }

    /** The sum of the first vector alone, the bits of {@link #totals}. */
    static float firstTotal(float[] sums) {
        FloatVector sum = FloatVector.fromArray(FLOATS, sums, 0);
        sum = sum.add(sum.rearrange(ACROSS_8));
        sum = sum.add(sum.rearrange(ACROSS_4));
        sum = sum.add(sum.rearrange(ACROSS_2));
        sum.add(sum.rearrange(ACROSS_1)).intoArray(sums, 0);
        return sums[0];
    }
}
