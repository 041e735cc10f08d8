package io.livegraft.gpu.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.livegraft.gpu.TinyModel;
import io.livegraft.gpu.backend.Arithmetic;
import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.LowRankPair;
import io.livegraft.gpu.backend.LowRankRows;
import io.livegraft.gpu.backend.Phase;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.tensor.HostTensor;
import io.livegraft.gpu.tensor.Precision;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Adapters in whole numbers: how far from exact ones, element by element. */
class ByteChainTest {
    private static final int ROWS = 7;
    private static final float SCALING = 0.5f;
    /** Inputs that share a step in a row of x. */
    private static final int X_BLOCK = 32;

    private static final int H_BLOCK = 16;
    /** Of float32 sums and products, beside what rounding to bytes costs. */
    private static final double FLOAT_ERROR = 1e-5;

    private final CpuKernels kernels = KernelChoice.AUTO.kernels();

    /** Values, and how far off each may be at most. */
    private record Bounded(int columns, double[] values, double[] errors) {
        /** Rounded to whole numbers of 1/127 of the largest of {@code block} neighbours: half a step. */
        static Bounded rounded(float[] values, int columns, int block) {
            double[] exact = new double[values.length];
            for (int i = 0; i < exact.length; i++) {
                exact[i] = values[i];
            }
            return new Bounded(columns, exact, new double[exact.length]).roundedTo(block);
        }

        Bounded roundedTo(int block) {
            double[] more = errors.clone();
            for (int row = 0; row < values.length; row += columns) {
                for (int from = row; from < row + columns; from += block) {
                    int to = Math.min(row + columns, from + block);
                    double largest = 0;
                    for (int i = from; i < to; i++) {
                        largest = Math.max(largest, Math.abs(values[i]) + errors[i]);
                    }
                    for (int i = from; i < to; i++) {
                        more[i] += largest / 127 / 2;
                    }
                }
            }
            return new Bounded(columns, values, more);
        }

        /** {@code this · wᵀ}: {@code |Δ(x·w)| ≤ |x|·Δw + Δx·|w| + Δx·Δw} of each pair. */
        Bounded product(Bounded w, double scale) {
            int rows = values.length / columns;
            int outputs = w.values.length / columns;
            double[] product = new double[rows * outputs];
            double[] error = new double[product.length];
            for (int i = 0; i < product.length; i++) {
                int a = i / outputs * columns;
                int b = i % outputs * columns;
                for (int k = 0; k < columns; k++) {
                    product[i] += scale * values[a + k] * w.values[b + k];
                    error[i] += scale
                            * (Math.abs(values[a + k]) * w.errors[b + k]
                                    + errors[a + k] * (Math.abs(w.values[b + k]) + w.errors[b + k]));
                }
            }
            return new Bounded(outputs, product, error);
        }
    }

    @ParameterizedTest
    @CsvSource({"16, 576, 192", "3, 173, 151", "8, 31, 17", "17, 97, 61", "37, 131, 67", "64, 1536, 16"})
    void noElementIsFurtherFromTheExactChainThanItsRoundingsAllow(int rank, int in, int out) {
        assumeTrue(kernels.bytes().isPresent(), "the processor does not multiply bytes");
        float[] x = values(ROWS * in, 1, in);
        float[] a = values(rank * in, 2, in);
        float[] b = values(out * rank, 3, rank);
        float[] y = values(ROWS * out, 4, out);
        Bounded h = Bounded.rounded(x, in, X_BLOCK).product(Bounded.rounded(a, in, in), SCALING);
        Bounded change = h.roundedTo(H_BLOCK).product(Bounded.rounded(b, rank, rank), 1);
        float[] actual = applied(Precision.NF4, new float[][] {x, a, b, y}, rank, in, out);
        double squares = 0;
        double errors = 0;
        for (int i = 0; i < actual.length; i++) {
            double exact = y[i] + change.values()[i];
            double allowed = change.errors()[i] + FLOAT_ERROR * (Math.abs(exact) + Math.abs(y[i]) + 1);
            assertEquals(exact, actual[i], allowed, "element " + i);
            squares += Math.pow(change.values()[i], 2);
            errors += Math.pow(actual[i] - exact, 2);
        }
        assertTrue(Math.sqrt(errors / squares) < 0.03, "off by " + Math.sqrt(errors / squares) + " of what is added");
    }

    @ParameterizedTest
    @CsvSource({"BF16, false", "NF4, true", "INT8, true"})
    void onlyBesideQuantizedWeightsAreFactorsWholeNumbers(Precision beside, boolean whole) {
        assumeTrue(kernels.bytes().isPresent(), "the processor does not multiply bytes");
        float[][] values = {
            values(ROWS * 64, 1, 64), values(16 * 64, 2, 64), values(48 * 16, 3, 16), new float[ROWS * 48]
        };
        float[] halves = applied(DecodeActivations.BF16.of(kernels), beside, values, 16, 64, 48);
        assertEquals(!whole, Arrays.equals(halves, applied(beside, values, 16, 64, 48)));
    }

    private float[] applied(Precision beside, float[][] values, int rank, int in, int out) {
        return applied(kernels, beside, values, rank, in, out);
    }

    /** y + s·(x·Aᵀ)·Bᵀ of x, A, B and y. */
    private static float[] applied(CpuKernels kernels, Precision beside, float[][] values, int rank, int in, int out) {
        try (Backend backend = new VectorBackend(2, kernels)) {
            Tensor x = backend.upload(values[0], ROWS, in);
            Tensor y = backend.upload(values[3], ROWS, out);
            LowRankPair pair = new LowRankPair(
                    rank,
                    backend.factor(HostTensor.matrix(rank, in, values[1]), beside),
                    backend.factor(HostTensor.matrix(out, rank, values[2]), beside),
                    SCALING);
            LowRankRows rows = new LowRankRows(x, 0, List.of(Optional.of(pair)));
            backend.lowRank(List.of(y), List.of(rows), Phase.DECODE, Arithmetic.BFLOAT16);
            return Values.of(backend, y);
        }
    }

    /** Rows of very different size. */
    private static float[] values(int count, int seed, int columns) {
        float[] values = TinyModel.gaussian(new Random(seed), count, 1);
        for (int i = 0; i < count; i++) {
            values[i] *= (float) Math.pow(3, i / columns % 7 - 3);
        }
        return values;
    }
}
