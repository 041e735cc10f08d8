package io.livegraft.gpu.cpu;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Attention of one query: a pass over keys and values as they lie in the cache, nothing is copied. The chains are those of
 * {@link CausalAttention}, so that one token's bits are the same in either.
 *
 * <pre>{@code
 *   s[j] = (1/√D) · fma over d of q[d] · k[d,j]      p = softmax(s)      out[d] = fma over j of p[j] · v[j,d]
 * }</pre>
 */
final class DecodeAttention {
    private static final VectorSpecies<Float> SPECIES = VectorMath.SPECIES;
    private static final int LANES = SPECIES.length();

    private DecodeAttention() {}

    /** Whether a head's columns fill whole vectors, four at a time. */
    static boolean fits(int headDim) {
        return headDim % (4 * LANES) == 0;
    }

    static void forward(Matrix out, Matrix q, Matrix keysTransposed, Matrix v, int position, int window) {
        int length = keysTransposed.columns();
        float[] s = new float[length];
        scores(s, q, keysTransposed);
        int first = Math.max(0, position + 1 - window);
        Arrays.fill(s, 0, first, 0f);
        Softmax.apply(s, first, length - first);
        for (int d = 0; d < v.columns(); d += 4 * LANES) {
            values(out.data(), out.offset() + d, s, v.data(), v.offset() + d, v.rowStride());
        }
    }

    private static void scores(float[] s, Matrix q, Matrix keysTransposed) {
        float scale = CausalAttention.scale(q.columns());
        int stride = keysTransposed.rowStride();
        int j = 0;
        for (; j + 4 * LANES <= s.length; j += 4 * LANES) {
            fourVectors(s, j, q, keysTransposed.data(), keysTransposed.offset() + j, stride, scale);
        }
        for (; j < s.length; j++) {
            float sum = 0;
            for (int d = 0; d < q.columns(); d++) {
                int key = keysTransposed.offset() + d * stride + j;
                sum = Math.fma(q.data()[q.offset() + d], keysTransposed.data()[key], sum);
            }
            s[j] = scale * sum;
        }
    }

    private static void fourVectors(float[] s, int j, Matrix q, float[] keys, int from, int stride, float scale) {
        FloatVector s0 = FloatVector.zero(SPECIES);
        FloatVector s1 = FloatVector.zero(SPECIES);
        FloatVector s2 = FloatVector.zero(SPECIES);
        FloatVector s3 = FloatVector.zero(SPECIES);
        float[] query = q.data();
        int offset = q.offset();
        int depth = q.columns();
        for (int d = 0; d < depth; d++) {
            FloatVector x = FloatVector.broadcast(SPECIES, query[offset + d]);
            int key = from + d * stride;
            s0 = x.fma(FloatVector.fromArray(SPECIES, keys, key), s0);
            s1 = x.fma(FloatVector.fromArray(SPECIES, keys, key + LANES), s1);
            s2 = x.fma(FloatVector.fromArray(SPECIES, keys, key + 2 * LANES), s2);
            s3 = x.fma(FloatVector.fromArray(SPECIES, keys, key + 3 * LANES), s3);
        }
        s0.mul(scale).intoArray(s, j);
        s1.mul(scale).intoArray(s, j + LANES);
        s2.mul(scale).intoArray(s, j + 2 * LANES);
        s3.mul(scale).intoArray(s, j + 3 * LANES);
    }

    private static void values(float[] out, int to, float[] p, float[] values, int from, int stride) {
        FloatVector o0 = FloatVector.zero(SPECIES);
        FloatVector o1 = FloatVector.zero(SPECIES);
        FloatVector o2 = FloatVector.zero(SPECIES);
        FloatVector o3 = FloatVector.zero(SPECIES);
        for (int j = 0; j < p.length; j++) {
            FloatVector x = FloatVector.broadcast(SPECIES, p[j]);
            int value = from + j * stride;
            o0 = x.fma(FloatVector.fromArray(SPECIES, values, value), o0);
            o1 = x.fma(FloatVector.fromArray(SPECIES, values, value + LANES), o1);
            o2 = x.fma(FloatVector.fromArray(SPECIES, values, value + 2 * LANES), o2);
            o3 = x.fma(FloatVector.fromArray(SPECIES, values, value + 3 * LANES), o3);
        }
        o0.intoArray(out, to);
        o1.intoArray(out, to + LANES);
        o2.intoArray(out, to + 2 * LANES);
        o3.intoArray(out, to + 3 * LANES);
    }
}
