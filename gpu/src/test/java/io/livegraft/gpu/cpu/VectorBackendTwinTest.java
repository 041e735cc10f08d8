package io.livegraft.gpu.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.livegraft.gpu.backend.AdamWStep;
import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.KvCache;
import io.livegraft.gpu.backend.Operand;
import io.livegraft.gpu.backend.Rope;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.tensor.HostTensor;
import io.livegraft.gpu.tensor.Precision;
import java.util.Arrays;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every operation of the vector backend against the reference, on prime sizes so that tails can't hide. */
class VectorBackendTwinTest {
    private static final int N = 13;
    private static final int C = 67;
    private static final int OUT = 131;

    private final Backend reference = new ReferenceBackend();
    private final Backend vector = new VectorBackend(2);

    @ParameterizedTest
    @EnumSource(Precision.class)
    void linearLayersAgreeForEveryPrecision(Precision precision) {
        twins(1e-5f, backend -> {
            Random random = new Random(1);
            HostTensor weight = HostTensor.matrix(OUT, C, values(random, OUT * C));
            Tensor y = backend.allocate(N, OUT);
            backend.linear(y, tensor(backend, random, N, C), backend.freeze(weight, precision));
            return y;
        });
        twins(1e-5f, backend -> {
            Random random = new Random(2);
            HostTensor weight = HostTensor.matrix(OUT, C, values(random, OUT * C));
            Tensor dx = tensor(backend, random, N, C);
            backend.linearBackward(dx, tensor(backend, random, N, OUT), backend.freeze(weight, precision));
            return dx;
        });
    }

    @Test
    void productsAgreeInEveryTranspositionAndAccumulate() {
        for (Operand left : Operand.values()) {
            for (Operand right : Operand.values()) {
                twins(1e-5f, backend -> {
                    Random random = new Random(3);
                    Tensor a = left == Operand.PLAIN ? tensor(backend, random, N, C) : tensor(backend, random, C, N);
                    Tensor b =
                            right == Operand.PLAIN ? tensor(backend, random, C, OUT) : tensor(backend, random, OUT, C);
                    Tensor c = tensor(backend, random, N, OUT);
                    backend.multiply(c, a, left, b, right, 0.37f, true);
                    return c;
                });
            }
        }
    }

    @Test
    void normalisationAgreesForwardAndBackward() {
        twins(1e-5f, backend -> norm(backend, Normed.Y));
        twins(1e-5f, backend -> norm(backend, Normed.DX));
        twins(1e-5f, backend -> norm(backend, Normed.DW));
    }

    private enum Normed {
        Y,
        DX,
        DW
    }

    private static Tensor norm(Backend backend, Normed wanted) {
        Random random = new Random(4);
        Tensor x = tensor(backend, random, N, C);
        Tensor w = tensor(backend, random, 1, C);
        Tensor dy = tensor(backend, random, N, C);
        Tensor rstd = backend.allocate(N, 1);
        Tensor y = backend.allocate(N, C);
        backend.rmsNorm(y, rstd, x, w, 1e-5f);
        Tensor dx = tensor(backend, random, N, C);
        backend.rmsNormBackward(dx, dy, x, w, rstd);
        Tensor dw = tensor(backend, random, 1, C);
        backend.rmsNormWeightBackward(dw, dy, x, rstd);
        return switch (wanted) {
            case Y -> y;
            case DX -> dx;
            case DW -> dw;
        };
    }

    @Test
    void gatingAgreesForwardAndBackward() {
        twins(1e-6f, backend -> {
            Random random = new Random(5);
            Tensor y = backend.allocate(N, C);
            backend.swiGlu(y, tensor(backend, random, N, C), tensor(backend, random, N, C));
            return y;
        });
        for (boolean gate : new boolean[] {true, false}) {
            twins(1e-6f, backend -> {
                Random random = new Random(6);
                Tensor dGate = tensor(backend, random, N, C);
                Tensor dUp = tensor(backend, random, N, C);
                backend.swiGluBackward(
                        dGate,
                        dUp,
                        tensor(backend, random, N, C),
                        tensor(backend, random, N, C),
                        tensor(backend, random, N, C));
                return gate ? dGate : dUp;
            });
        }
    }

    @Test
    void rotationAgreesAndItsInverseUndoesIt() {
        int[] positions = {0, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233};
        Rope rope = new Rope(14, 10_000);
        twins(1e-5f, backend -> {
            Tensor x = tensor(backend, new Random(7), N, 5 * 14);
            backend.rotate(x, positions, rope, false);
            return x;
        });
        Tensor x = tensor(vector, new Random(7), N, 5 * 14);
        vector.rotate(x, positions, rope, false);
        vector.rotate(x, positions, rope, true);
        assertArrayEquals(values(new Random(7), N * 5 * 14), download(vector, x), 1e-5f);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 20, Integer.MAX_VALUE})
    void attentionAgreesOverAFilledCache(int window) {
        int dim = 6;
        int kvHeads = 3;
        int heads = 6;
        twins(1e-5f, backend -> {
            Random random = new Random(8);
            KvCache cache = backend.allocateKvCache(2, kvHeads, dim, 31);
            backend.appendKv(cache, 1, tensor(backend, random, 17, 18), tensor(backend, random, 17, 18), 0);
            backend.appendKv(cache, 1, tensor(backend, random, N, 18), tensor(backend, random, N, 18), 17);
            Tensor out = backend.allocate(N, heads * dim);
            backend.attention(out, tensor(backend, random, N, heads * dim), cache, 1, 17, window);
            return out;
        });
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 5, Integer.MAX_VALUE})
    void attentionOverAWholeSequenceAgreesAndHasTheBitsOfTheCachedOneTokenByToken(int window) {
        twins(1e-5f, backend -> wholeAttention(backend, window));
        for (Backend backend : new Backend[] {reference, vector}) {
            Random random = new Random(15);
            Tensor q = tensor(backend, random, N, 36);
            Tensor k = tensor(backend, random, N, 18);
            Tensor v = tensor(backend, random, N, 18);
            KvCache cache = backend.allocateKvCache(1, 3, 6, 40);
            Tensor out = backend.allocate(N, 36);
            for (int n = 0; n < N; n++) {
                backend.appendKv(cache, 0, backend.rows(k, n, 1), backend.rows(v, n, 1), n);
                backend.attention(backend.rows(out, n, 1), backend.rows(q, n, 1), cache, 0, n, window);
            }
            float[] whole = download(backend, wholeAttention(backend, window));
            assertArrayEquals(whole, download(backend, out), 0f, backend.profile());
        }
    }

    private static Tensor wholeAttention(Backend backend, int window) {
        Random random = new Random(15);
        Tensor out = backend.allocate(N, 36);
        backend.attention(
                out,
                tensor(backend, random, N, 36),
                tensor(backend, random, N, 18),
                tensor(backend, random, N, 18),
                6,
                window);
        return out;
    }

    @Test
    void aWindowOfOneKeyGivesItsValue() {
        Random random = new Random(16);
        Tensor v = tensor(vector, random, N, 6);
        Tensor out = vector.allocate(N, 6);
        vector.attention(out, tensor(vector, random, N, 6), tensor(vector, random, N, 6), v, 6, 1);
        assertArrayEquals(download(vector, v), download(vector, out), 0f);
    }

    @ParameterizedTest
    @ValueSource(ints = {5, Integer.MAX_VALUE})
    void attentionGradientsAgree(int window) {
        for (int wanted = 0; wanted < 3; wanted++) {
            int index = wanted;
            twins(2e-5f, backend -> {
                Random random = new Random(9);
                Tensor[] d = {
                    tensor(backend, random, N, 36), tensor(backend, random, N, 18), tensor(backend, random, N, 18)
                };
                backend.attentionBackward(
                        d[0],
                        d[1],
                        d[2],
                        tensor(backend, random, N, 36),
                        tensor(backend, random, N, 36),
                        tensor(backend, random, N, 18),
                        tensor(backend, random, N, 18),
                        6,
                        window);
                return d[index];
            });
        }
    }

    @Test
    void crossEntropyAgreesAndIgnoresRowsWithoutATarget() {
        int[] targets = {0, 130, 7, -1, 5, 6, 11, -1, 99, 1, 2, 3, 4};
        double[] sums = new double[2];
        twins(1e-6f, backend -> {
            Tensor logits = tensor(backend, new Random(10), N, OUT);
            sums[backend == vector ? 1 : 0] = backend.crossEntropy(logits, targets, 0.25f);
            return logits;
        });
        assertEquals(sums[0], sums[1], 1e-4);
    }

    @Test
    void theOptimizerAgrees() {
        for (int wanted = 0; wanted < 3; wanted++) {
            int index = wanted;
            twins(1e-6f, backend -> {
                Random random = new Random(11);
                Tensor p = tensor(backend, random, 1, C);
                Tensor m = tensor(backend, random, 1, C);
                Tensor v = backend.allocate(1, C);
                backend.adamW(
                        p, m, v, tensor(backend, random, 1, C), new AdamWStep(1e-2, 0.9, 0.999, 1e-8, 0.1, 3, 0.5));
                return new Tensor[] {p, m, v}[index];
            });
        }
        Tensor x = tensor(vector, new Random(12), N, C);
        assertEquals(reference.sumOfSquares(tensor(reference, new Random(12), N, C)), vector.sumOfSquares(x), 1e-9);
    }

    @Test
    void anElementHasTheSameBitsAloneAndInAnyBatchAndWithAnyNumberOfThreads() {
        Random random = new Random(13);
        HostTensor weight = HostTensor.matrix(2048, 257, values(random, 2048 * 257));
        float[] x = values(random, 61 * 257);
        try (Backend one = new VectorBackend(1);
                Backend three = new VectorBackend(3)) {
            Tensor all = three.allocate(61, 2048);
            three.linear(all, three.upload(x, 61, 257), three.freeze(weight, Precision.NF4));
            for (int n : new int[] {0, 7, 8, 59, 60}) {
                Tensor alone = one.allocate(1, 2048);
                one.linear(alone, one.rows(one.upload(x, 61, 257), n, 1), one.freeze(weight, Precision.NF4));
                assertArrayEquals(download(three, three.rows(all, n, 1)), download(one, alone), 0f, "row " + n);
            }
        }
    }

    /** The mutant of the law above: a sum that is split when there are many rows, as libraries like to do. */
    @Test
    void aKernelThatChoosesItsSumByTheNumberOfRowsWouldBeSeen() {
        Random random = new Random(14);
        int half = 128;
        Tensor x = tensor(vector, random, 61, 2 * half);
        Tensor w = tensor(vector, random, 2 * half, OUT);
        Tensor alone = vector.allocate(1, OUT);
        vector.multiply(alone, vector.rows(x, 7, 1), Operand.PLAIN, w, Operand.PLAIN, 1, false);

        Tensor split = vector.allocate(61, OUT);
        Tensor left = vector.upload(columns(download(vector, x), 61, 2 * half, 0, half), 61, half);
        Tensor right = vector.upload(columns(download(vector, x), 61, 2 * half, half, half), 61, half);
        vector.multiply(split, left, Operand.PLAIN, vector.rows(w, 0, half), Operand.PLAIN, 1, false);
        vector.multiply(split, right, Operand.PLAIN, vector.rows(w, half, half), Operand.PLAIN, 1, true);

        float[] expected = download(vector, alone);
        float[] actual = download(vector, vector.rows(split, 7, 1));
        assertArrayEquals(expected, actual, 1e-3f);
        assertFalse(Arrays.equals(expected, actual), "equal within rounding, but not in every bit");
    }

    private static float[] columns(float[] values, int rows, int stride, int from, int count) {
        float[] block = new float[rows * count];
        for (int n = 0; n < rows; n++) {
            System.arraycopy(values, n * stride + from, block, n * count, count);
        }
        return block;
    }

    @Test
    void theExponentialIsWithinTwoUlpOfTheExactOne() {
        float[] x = new float[4001];
        for (int i = 0; i < x.length; i++) {
            x[i] = -80 + i * 0.04f;
        }
        float[] y = new float[x.length];
        VectorMath.expShifted(y, 0, x, 0, x.length, 0);
        for (int i = 0; i < x.length; i++) {
            double exact = Math.exp(x[i]);
            assertEquals(exact, y[i], 2 * Math.ulp((float) exact), "e^" + x[i]);
        }
    }

    private void twins(float tolerance, Function<Backend, Tensor> operation) {
        float[] expected = download(reference, operation.apply(reference));
        float[] actual = download(vector, operation.apply(vector));
        float largest = 1;
        for (float value : expected) {
            largest = Math.max(largest, Math.abs(value));
        }
        assertArrayEquals(expected, actual, tolerance * largest);
    }

    private static float[] download(Backend backend, Tensor tensor) {
        float[] values = new float[tensor.rows() * tensor.columns()];
        backend.download(values, tensor);
        return values;
    }

    private static Tensor tensor(Backend backend, Random random, int rows, int columns) {
        return backend.upload(values(random, rows * columns), rows, columns);
    }

    private static float[] values(Random random, int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }
}
