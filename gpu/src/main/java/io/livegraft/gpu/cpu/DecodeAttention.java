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

    static void forward(Matrix out, Matrix q, PagedHead head, int position, int window) {
        int from = CausalAttention.firstKey(position, window);
        int length = head.length() - from;
        float[] s = new float[length];
        head.forEachKeys(from, length, (done, keys) -> scores(s, done, q, keys));
        int first = Math.max(0, position + 1 - window) - from;
        Arrays.fill(s, 0, first, 0f);
        Softmax.apply(s, first, length - first);
        head.forEachValues(from, length, (done, values) -> {
            for (int d = 0; d < values.columns(); d += 4 * LANES) {
                addValues(out.data(), out.offset() + d, s, done, values, d);
            }
        });
    }

    private static void scores(float[] s, int to, Matrix q, Matrix keysTransposed) {
        float scale = CausalAttention.scale(q.columns());
        int stride = keysTransposed.rowStride();
        int count = keysTransposed.columns();
        int j = 0;
        for (; j + 4 * LANES <= count; j += 4 * LANES) {
            fourVectors(s, to + j, q, keysTransposed.data(), keysTransposed.offset() + j, stride, scale);
        }
        for (; j < count; j++) {
            float sum = 0;
            for (int d = 0; d < q.columns(); d++) {
                int key = keysTransposed.offset() + d * stride + j;
                sum = Math.fma(q.data()[q.offset() + d], keysTransposed.data()[key], sum);
            }
            s[to + j] = scale * sum;
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

    /** Goes on from what {@code out} holds; the first positions, {@code done} = 0, begin anew. */
    private static void addValues(float[] out, int to, float[] p, int done, Matrix values, int column) {
        boolean begin = done == 0;
        FloatVector zero = FloatVector.zero(SPECIES);
        FloatVector o0 = begin ? zero : FloatVector.fromArray(SPECIES, out, to);
        FloatVector o1 = begin ? zero : FloatVector.fromArray(SPECIES, out, to + LANES);
        FloatVector o2 = begin ? zero : FloatVector.fromArray(SPECIES, out, to + 2 * LANES);
        FloatVector o3 = begin ? zero : FloatVector.fromArray(SPECIES, out, to + 3 * LANES);
        float[] data = values.data();
        int from = values.offset() + column;
        int stride = values.rowStride();
        int count = values.rows();
        for (int j = 0; j < count; j++) {
            FloatVector x = FloatVector.broadcast(SPECIES, p[done + j]);
            int value = from + j * stride;
            o0 = x.fma(FloatVector.fromArray(SPECIES, data, value), o0);
            o1 = x.fma(FloatVector.fromArray(SPECIES, data, value + LANES), o1);
            o2 = x.fma(FloatVector.fromArray(SPECIES, data, value + 2 * LANES), o2);
            o3 = x.fma(FloatVector.fromArray(SPECIES, data, value + 3 * LANES), o3);
        }
        o0.intoArray(out, to);
        o1.intoArray(out, to + LANES);
        o2.intoArray(out, to + 2 * LANES);
        o3.intoArray(out, to + 3 * LANES);
    }
}
