package io.livegraft.gpu.cpu;

import io.livegraft.gpu.backend.LowRankGradient;
import io.livegraft.gpu.backend.Operand;
import io.livegraft.gpu.backend.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Columns {@code from} to {@code to} of a gradient and what pieces of rows found for it, which is added in their order.
 *
 * @param gradient (r,in) of A, (r,out) of B
 */
record LowRankSum(Gradient gradient, int from, int to) {
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
        float[] row = new float[to - from];
        for (int i = 0; i < gradient.values().rows(); i++) {
            read(row, i);
            for (CpuTensor pieces : gradient.pieces()) {
                for (int r = i; r < pieces.rows(); r += gradient.lanes()) {
                    add(row, pieces.data(), pieces.row(r) + from);
                }
            }
            write(row, i);
        }
    }

    private void read(float[] row, int i) {
        Matrix values = gradient.values();
        for (int c = 0; c < row.length; c++) {
            row[c] = values.data()[at(i) + c * values.columnStride()];
        }
    }

    private void write(float[] row, int i) {
        Matrix values = gradient.values();
        for (int c = 0; c < row.length; c++) {
            values.data()[at(i) + c * values.columnStride()] = row[c];
        }
    }

    private int at(int i) {
        Matrix values = gradient.values();
        return values.offset() + i * values.rowStride() + from * values.columnStride();
    }

    private static void add(float[] row, float[] piece, int from) {
        for (int c = 0; c < row.length; c++) {
            row[c] += piece[from + c];
        }
    }
}
