package io.livegraft.gpu.cpu;

import io.livegraft.gpu.machinecode.SlopeKernel;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** Softmax of a row of scores, and its gradient: {@link SlopeKernel}, and zeros outside of what is seen. */
final class SoftmaxSlope {
    private SoftmaxSlope() {}

    /** Row {@code i} of scores s and gradients dp of one shape; keys {@code begin} to {@code end} are seen. */
    static void row(SlopeKernel code, Matrix s, Matrix dp, int i, int begin, int end) {
        int from = i * s.columns();
        int count = Math.max(0, end - begin);
        if (count > 0) {
            code.run(memory(s, from + begin), memory(dp, from + begin), count);
        }
        zero(s, from, Math.min(begin, end), end);
        zero(dp, from, Math.min(begin, end), end);
    }

    private static MemorySegment memory(Matrix rows, int element) {
        return MemorySegment.ofArray(rows.data()).asSlice((long) Float.BYTES * element);
    }

    /** Of a row that begins at {@code from}, all but {@code begin} to {@code end}. */
    static void zero(Matrix rows, int from, int begin, int end) {
        Arrays.fill(rows.data(), from, from + begin, 0f);
        Arrays.fill(rows.data(), from + end, from + rows.columns(), 0f);
    }
}
