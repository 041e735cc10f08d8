package io.livegraft.gpu.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import io.livegraft.gpu.TinyModel;
import io.livegraft.gpu.backend.Arithmetic;
import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.KvCache;
import io.livegraft.gpu.backend.Operand;
import io.livegraft.gpu.backend.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Products and attention on this machine's kernels, in every arithmetic: near the reference, and law 3 to the bit. */
class ArithmeticTest {
    private static final int ROWS = 133;
    private static final int LENGTH = 150;
    private static final int HEADS = 2;
    private static final int HEAD_DIM = 64;
    private static final int[] WINDOWS = {Integer.MAX_VALUE, 37};

    private final CpuKernels kernels = KernelChoice.AUTO.kernels();
    private final Backend one = new VectorBackend(1, kernels);
    private final Backend three = new VectorBackend(3, kernels);
    private final Backend reference = new ReferenceBackend();

    @AfterEach
    void close() {
        one.close();
        three.close();
    }

    /** As adapters are multiplied: rows with A and B, forward and backward. */
    @ParameterizedTest
    @EnumSource(Arithmetic.class)
    void aRowOfAProductHasTheSameBitsAloneAndAmongAnyNumber(Arithmetic arithmetic) {
        for (int[] shape : new int[][] {{192, 16}, {16, 192}, {100, 3}, {3, 100}, {2_176, 8}, {64, 2_080}}) {
            for (Operand operand : Operand.values()) {
                float[] all = product(three, shape, operand, arithmetic, ROWS);
                assertNear(product(reference, shape, operand, arithmetic, ROWS), all, arithmetic);
                for (int rows : new int[] {1, 2, 16, 31, 100}) {
                    float[] some = product(one, shape, operand, arithmetic, rows);
                    assertArrayEquals(Arrays.copyOf(all, some.length), some, 0f, operand + ", rows " + rows);
                }
            }
        }
    }

    /** As gradients of adapters are summed. */
    @ParameterizedTest
    @EnumSource(Arithmetic.class)
    void aSumOverRowsHasTheSameBitsOnAnyNumberOfThreads(Arithmetic arithmetic) {
        for (int[] shape : new int[][] {{192, 16}, {16, 192}, {100, 3}, {8, 2_176}}) {
            for (int rows : new int[] {1, 16, 31, ROWS}) {
                float[] sum = rowSum(three, shape, arithmetic, rows);
                assertNear(rowSum(reference, shape, arithmetic, rows), sum, arithmetic);
                assertArrayEquals(rowSum(one, shape, arithmetic, rows), sum, 0f);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Arithmetic.class)
    void attentionOfOneQueryHasTheBitsOfManyAndOfAWholeSequence(Arithmetic arithmetic) {
        for (int window : WINDOWS) {
            float[] whole = whole(one, window, arithmetic);
            assertNear(whole(reference, window, arithmetic), whole, arithmetic);
            assertArrayEquals(whole, cached(three, 0, LENGTH, window, arithmetic), 0f);
            for (int position : new int[] {0, 1, 63, 64, 65, 128, 149}) {
                int from = position * HEADS * HEAD_DIM;
                float[] expected = Arrays.copyOfRange(whole, from, from + HEADS * HEAD_DIM);
                float[] last = cached(three, position, 1, window, arithmetic);
                assertArrayEquals(expected, last, 0f, "position " + position);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Arithmetic.class)
    void gradientsOfAttentionHaveTheSameBitsOnAnyNumberOfThreads(Arithmetic arithmetic) {
        for (int window : WINDOWS) {
            List<float[]> expected = backward(reference, window, arithmetic);
            List<float[]> alone = backward(one, window, arithmetic);
            List<float[]> actual = backward(three, window, arithmetic);
            for (int i = 0; i < expected.size(); i++) {
                assertNear(expected.get(i), actual.get(i), arithmetic);
                assertArrayEquals(alone.get(i), actual.get(i), 0f);
            }
        }
    }

    /** {@code c (rows,out) += 0.5 · a (rows,in) · op(b)}. */
    private static float[] product(Backend backend, int[] shape, Operand operand, Arithmetic arithmetic, int rows) {
        int in = shape[0];
        int out = shape[1];
        boolean plain = operand == Operand.PLAIN;
        Tensor a = backend.rows(tensor(backend, 1, ROWS, in), 0, rows);
        Tensor b = tensor(backend, 2, plain ? in : out, plain ? out : in);
        Tensor c = backend.rows(tensor(backend, 3, ROWS, out), 0, rows);
        backend.multiply(c, a, Operand.PLAIN, b, operand, 0.5f, true, arithmetic);
        return Values.of(backend, c);
    }

    /** {@code c = aᵀ · b}, a (rows, shape[0]), b (rows, shape[1]). */
    private static float[] rowSum(Backend backend, int[] shape, Arithmetic arithmetic, int rows) {
        Tensor c = backend.allocate(shape[0], shape[1]);
        Tensor a = tensor(backend, 1, rows, shape[0]);
        Tensor b = tensor(backend, 2, rows, shape[1]);
        backend.multiply(c, a, Operand.TRANSPOSED, b, Operand.PLAIN, 1, false, arithmetic);
        return Values.of(backend, c);
    }

    private static float[] whole(Backend backend, int window, Arithmetic arithmetic) {
        Tensor out = backend.allocate(LENGTH, HEADS * HEAD_DIM);
        backend.attention(out, queries(backend), keys(backend), valuesOf(backend), HEAD_DIM, window, arithmetic);
        return Values.of(backend, out);
    }

    /** Of {@code count} queries from {@code position} on. */
    private static float[] cached(Backend backend, int position, int count, int window, Arithmetic arithmetic) {
        KvCache cache = backend.allocateKvCache(1, 1, HEAD_DIM, LENGTH, arithmetic);
        backend.appendKv(cache, 0, keys(backend), valuesOf(backend), 0);
        Tensor out = backend.allocate(count, HEADS * HEAD_DIM);
        Tensor some = backend.rows(queries(backend), position, count);
        backend.attention(out, some, cache, 0, position, window);
        return Values.of(backend, out);
    }

    /** dq, dk and dv. */
    private static List<float[]> backward(Backend backend, int window, Arithmetic arithmetic) {
        Tensor dq = backend.allocate(LENGTH, HEADS * HEAD_DIM);
        Tensor dk = backend.allocate(LENGTH, HEAD_DIM);
        Tensor dv = backend.allocate(LENGTH, HEAD_DIM);
        backend.attentionBackward(
                dq,
                dk,
                dv,
                tensor(backend, 4, LENGTH, HEADS * HEAD_DIM),
                queries(backend),
                keys(backend),
                valuesOf(backend),
                new int[] {LENGTH},
                HEAD_DIM,
                window,
                arithmetic);
        return List.of(Values.of(backend, dq), Values.of(backend, dk), Values.of(backend, dv));
    }

    private static Tensor queries(Backend backend) {
        return tensor(backend, 5, LENGTH, HEADS * HEAD_DIM);
    }

    private static Tensor keys(Backend backend) {
        return tensor(backend, 6, LENGTH, HEAD_DIM);
    }

    private static Tensor valuesOf(Backend backend) {
        return tensor(backend, 7, LENGTH, HEAD_DIM);
    }

    private static Tensor tensor(Backend backend, int seed, int rows, int columns) {
        return backend.upload(TinyModel.gaussian(new Random(seed), rows * columns, 1), rows, columns);
    }

    private static void assertNear(float[] expected, float[] actual, Arithmetic arithmetic) {
        Values.assertNear(expected, actual, tolerance(arithmetic));
    }

    /** Rounding both operands costs a product 2⁻⁷ of its size at most. */
    private static double tolerance(Arithmetic arithmetic) {
        return switch (arithmetic) {
            case FLOAT32 -> 1e-5;
            case BFLOAT16 -> 0x1p-7;
        };
    }
}
