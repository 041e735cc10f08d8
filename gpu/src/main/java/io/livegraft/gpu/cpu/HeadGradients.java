package io.livegraft.gpu.cpu;

import io.livegraft.gpu.backend.Operand;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/**
 * What every query head finds for the keys and values that it shares with others; added up in the order of the heads.
 *
 * @param rows N, of all sequences
 * @param dKeys (H·N, D), a head's rows one behind the other
 * @param dValues the same
 */
record HeadGradients(int rows, CpuTensor dKeys, CpuTensor dValues) {
    private static final VectorSpecies<Float> SPECIES = VectorMath.SPECIES;

    Matrix keys(int head, int from, int count) {
        return dKeys.matrix(Operand.PLAIN).rowBlock(head * rows + from, count);
    }

    Matrix values(int head, int from, int count) {
        return dValues.matrix(Operand.PLAIN).rowBlock(head * rows + from, count);
    }

    /** Row {@code n} of dk and dv (N, G·D). */
    void sum(CpuTensor dk, CpuTensor dv, int n) {
        int headDim = dKeys.columns();
        int group = dKeys.rows() / rows * headDim / dk.columns();
        for (int column = 0; column < dk.columns(); column += headDim) {
            int first = column / headDim * group;
            sum(dk, dk.row(n) + column, dKeys, first, group, n);
            sum(dv, dv.row(n) + column, dValues, first, group, n);
        }
    }

    private void sum(CpuTensor sum, int to, CpuTensor parts, int first, int group, int n) {
        int headDim = parts.columns();
        for (int d = 0; d < headDim; d += SPECIES.length()) {
            VectorMask<Float> mask = SPECIES.indexInRange(d, headDim);
            FloatVector total = FloatVector.zero(SPECIES);
            for (int head = first; head < first + group; head++) {
                total = total.add(FloatVector.fromArray(SPECIES, parts.data(), parts.row(head * rows + n) + d, mask));
            }
            total.intoArray(sum.data(), to + d, mask);
        }
    }
}
