package io.livegraft.gpu.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.livegraft.gpu.TinyModel;
import io.livegraft.gpu.backend.Arithmetic;
import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.KvCache;
import io.livegraft.gpu.backend.Operand;
import io.livegraft.gpu.backend.Phase;
import io.livegraft.gpu.backend.Rope;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.model.RopeScaling;
import io.livegraft.gpu.tensor.HostTensor;
import io.livegraft.gpu.tensor.Precision;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.Random;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Law 3 in single operations: an element's bits depend on the operation and its own inputs, on nothing else. */
class VectorBackendLawTest {
    private static final int N = 13;
    private static final int OUT = 131;

    private final Backend vector = new VectorBackend(2);

    @ParameterizedTest
    @ValueSource(ints = {1, 5, Integer.MAX_VALUE})
    void attentionOverAWholeSequenceHasTheBitsOfTheCachedOneTokenByToken(int window) {
        Random random = new Random(15);
        Tensor q = tensor(random, N, 36);
        Tensor k = tensor(random, N, 18);
        Tensor v = tensor(random, N, 18);
        KvCache cache = vector.allocateKvCache(1, 3, 6, 40, Arithmetic.FLOAT32);
        Tensor stepped = vector.allocate(N, 36);
        for (int n = 0; n < N; n++) {
            vector.appendKv(cache, 0, vector.rows(k, n, 1), vector.rows(v, n, 1), n);
            vector.attention(vector.rows(stepped, n, 1), vector.rows(q, n, 1), cache, 0, n, window);
        }
        Tensor whole = vector.allocate(N, 36);
        vector.attention(whole, q, k, v, 6, window, Arithmetic.FLOAT32);
        assertArrayEquals(download(vector, whole), download(vector, stepped), 0f);
    }

    @Test
    void aWindowOfOneKeyGivesItsValue() {
        Random random = new Random(16);
        Tensor v = tensor(random, N, 6);
        Tensor out = vector.allocate(N, 6);
        vector.attention(out, tensor(random, N, 6), tensor(random, N, 6), v, 6, 1, Arithmetic.FLOAT32);
        assertArrayEquals(download(vector, v), download(vector, out), 0f);
    }

    @Test
    void theInverseOfARotationUndoesIt() {
        int[] positions = {0, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233};
        Rope rope = new Rope(14, 10_000, new RopeScaling.None());
        Tensor x = tensor(new Random(7), N, 5 * 14);
        vector.rotate(x, positions, rope, false);
        vector.rotate(x, positions, rope, true);
        assertArrayEquals(TinyModel.gaussian(new Random(7), N * 5 * 14, 1), download(vector, x), 1e-5f);
    }

    /** The cases are large enough to be shared out. */
    @Test
    void everyOperationHasTheSameBitsOnOneThreadAndOnThree() {
        TwinCases.all().forEach((name, steps) -> assertEquals(bits(1, steps), bits(3, steps), name));
    }

    /** Of every tensor and number that takes part in these steps, after each of them. */
    private static String bits(int threads, BiConsumer<Backend, Random> steps) {
        StringBuilder bits = new StringBuilder();
        try (Backend backend = new VectorBackend(threads)) {
            Backend watched = (Backend) Proxy.newProxyInstance(
                    Backend.class.getClassLoader(), new Class<?>[] {Backend.class}, (proxy, method, arguments) -> {
                        Object result = method.invoke(backend, arguments);
                        TwinBackend.parts(arguments == null ? new Object[0] : arguments)
                                .filter(Tensor.class::isInstance)
                                .forEach(tensor -> bits.append(Arrays.hashCode(download(backend, (Tensor) tensor)))
                                        .append(' '));
                        bits.append(result instanceof Double value ? value + " " : "");
                        bits.append(result instanceof double[] values ? Arrays.toString(values) : "");
                        return result;
                    });
            steps.accept(watched, new Random(1));
        }
        return bits.toString();
    }

    @Test
    void anElementHasTheSameBitsAloneAndInAnyBatchAndWithAnyNumberOfThreads() {
        Random random = new Random(13);
        HostTensor weight = HostTensor.matrix(2048, 257, TinyModel.gaussian(random, 2048 * 257, 1));
        float[] x = TinyModel.gaussian(random, 61 * 257, 1);
        try (Backend one = new VectorBackend(1);
                Backend three = new VectorBackend(3)) {
            Tensor all = three.allocate(61, 2048);
            three.linear(all, three.upload(x, 61, 257), three.freeze(weight, Precision.NF4), Phase.DECODE);
            for (int n : new int[] {0, 7, 8, 59, 60}) {
                Tensor alone = one.allocate(1, 2048);
                one.linear(
                        alone, one.rows(one.upload(x, 61, 257), n, 1), one.freeze(weight, Precision.NF4), Phase.DECODE);
                assertArrayEquals(download(three, three.rows(all, n, 1)), download(one, alone), 0f, "row " + n);
            }
        }
    }

    /** The mutant of the law above: a sum that is split when there are many rows, as libraries like to do. */
    @Test
    void aKernelThatChoosesItsSumByTheNumberOfRowsWouldBeSeen() {
        Random random = new Random(14);
        int half = 128;
        Tensor x = tensor(random, 61, 2 * half);
        Tensor w = tensor(random, 2 * half, OUT);
        Tensor alone = vector.allocate(1, OUT);
        vector.multiply(alone, vector.rows(x, 7, 1), Operand.PLAIN, w, Operand.PLAIN, 1, false, Arithmetic.FLOAT32);

        Tensor split = vector.allocate(61, OUT);
        Tensor left = vector.upload(columns(download(vector, x), 61, 2 * half, 0, half), 61, half);
        Tensor right = vector.upload(columns(download(vector, x), 61, 2 * half, half, half), 61, half);
        vector.multiply(
                split, left, Operand.PLAIN, vector.rows(w, 0, half), Operand.PLAIN, 1, false, Arithmetic.FLOAT32);
        vector.multiply(
                split, right, Operand.PLAIN, vector.rows(w, half, half), Operand.PLAIN, 1, true, Arithmetic.FLOAT32);

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

    private static float[] download(Backend backend, Tensor tensor) {
        float[] values = new float[tensor.rows() * tensor.columns()];
        backend.download(values, tensor);
        return values;
    }

    private Tensor tensor(Random random, int rows, int columns) {
        return vector.upload(TinyModel.gaussian(random, rows * columns, 1), rows, columns);
    }
}
