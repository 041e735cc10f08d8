package io.livegraft.gpu.cpu;

import io.livegraft.gpu.backend.LowRankGradient;
import io.livegraft.gpu.backend.Operand;
import io.livegraft.gpu.backend.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/**
 * Columns {@code from} to {@code to} of a gradient and what pieces of rows found for it, which is added in their order.
 *
 * @param gradient (r,in) of A, (r,out) of B
 */
record LowRankSum(Gradient gradient, int from, int to) {
    private static final VectorSpecies<Float> SPECIES = VectorMath.SPECIES;

    /** Columns that a task adds up. */
    private static final int COLUMNS = 256;

    /** Each piece has as many rows as the gradient, up to a multiple of 16; a tensor has the pieces of one part. */
    record Gradient(Matrix values, List<CpuTensor> pieces) {
        Gradient(Matrix values) {
            this(values, new ArrayList<>());
        }

        int lanes() {
            return Tiled.strips(values.rows()) * Tiled.STRIP;
        }
    }

    /** All of the parts' gradients. */
    static List<LowRankSum> of(List<LowRankPart> parts) {
        Map<Tensor, Gradient> gradients = new LinkedHashMap<>();
        for (LowRankPart part : parts) {
            LowRankGradient of = part.of();
            gradient(gradients, of.aGradient(), Operand.PLAIN).pieces().add(part.aPieces());
            gradient(gradients, of.bGradient(), Operand.TRANSPOSED).pieces().add(part.bPieces());
        }
        List<LowRankSum> sums = new ArrayList<>();
        for (Gradient gradient : gradients.values()) {
            int columns = gradient.values().columns();
            for (int from = 0; from < columns; from += COLUMNS) {
                sums.add(new LowRankSum(gradient, from, Math.min(columns, from + COLUMNS)));
            }
        }
        return sums;
    }

    private static Gradient gradient(Map<Tensor, Gradient> gradients, Tensor tensor, Operand operand) {
        return gradients.computeIfAbsent(
                tensor, one -> new Gradient(CpuTensor.of(one).matrix(operand)));
    }

    void add() {
        float[] sums = new float[gradient.values().rows() * width()];
        read(sums);
        for (int i = 0; i < gradient.values().rows(); i++) {
            for (CpuTensor pieces : gradient.pieces()) {
                add(sums, i, pieces);
            }
        }
        write(sums);
    }

    private int width() {
        return to - from;
    }

    /** To row {@code i}, those of all pieces. */
    private void add(float[] sums, int i, CpuTensor pieces) {
        for (int c = 0; c < width(); c += SPECIES.length()) {
            VectorMask<Float> mask = SPECIES.indexInRange(c, width());
            FloatVector sum = FloatVector.fromArray(SPECIES, sums, i * width() + c, mask);
            for (int r = i; r < pieces.rows(); r += gradient.lanes()) {
                sum = sum.add(FloatVector.fromArray(SPECIES, pieces.data(), pieces.row(r) + from + c, mask));
            }
            sum.intoArray(sums, i * width() + c, mask);
        }
    }

    /** Along what lies side by side in the gradient. */
    private void read(float[] sums) {
        Matrix values = gradient.values();
        if (values.columnStride() == 1) {
            for (int i = 0; i < values.rows(); i++) {
                System.arraycopy(values.data(), at(i, 0), sums, i * width(), width());
            }
            return;
        }
        for (int c = 0; c < width(); c++) {
            for (int i = 0; i < values.rows(); i++) {
                sums[i * width() + c] = values.data()[at(i, c)];
            }
        }
    }

    private void write(float[] sums) {
        Matrix values = gradient.values();
        if (values.columnStride() == 1) {
            for (int i = 0; i < values.rows(); i++) {
                System.arraycopy(sums, i * width(), values.data(), at(i, 0), width());
            }
            return;
        }
        for (int c = 0; c < width(); c++) {
            for (int i = 0; i < values.rows(); i++) {
                values.data()[at(i, c)] = sums[i * width() + c];
            }
        }
    }

    private int at(int i, int c) {
        Matrix values = gradient.values();
        return values.offset() + i * values.rowStride() + (from + c) * values.columnStride();
    }
}
