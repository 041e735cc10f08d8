package io.livegraft.gpu.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.livegraft.gpu.TinyModel;
import io.livegraft.gpu.machinecode.ExponentialKernel;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The machine code of element-wise operations has the bits of their loops, at every length and at the ends of float32. */
class ElementKernelsTest {
    private static final float[] ENDS = {
        0f, -0f, Float.MIN_VALUE, 87f, 87.5f, 88f, 89f, -88f, 1e30f, -1e30f, Float.MAX_VALUE, -Float.MAX_VALUE
    };

    private final Optional<ElementKernels> code = KernelChoice.AUTO.kernels().elements();

    @BeforeEach
    void needCode() {
        assumeTrue(code.isPresent(), "registers are narrower than 512 bits");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 15, 16, 17, 31, 32, 33, 576, 1001})
    void swiGlu(int count) {
        CpuTensor gate = tensor(count, 1);
        CpuTensor up = tensor(count, 2);
        for (int from : new int[] {0, count / 2}) {
            CpuTensor expected = filled(count);
            CpuTensor actual = filled(count);
            SwiGlu.forward(Optional.empty(), expected, gate, up, from, count);
            SwiGlu.forward(code, actual, gate, up, from, count);
            assertArrayEquals(expected.data(), actual.data());
        }
    }

    /** Also where the gradients take the place of gate and up. */
    @ParameterizedTest
    @ValueSource(ints = {1, 7, 15, 16, 17, 31, 32, 33, 576, 1001})
    void swiGluBackward(int count) {
        CpuTensor dy = tensor(count, 7);
        CpuTensor[] expected = {tensor(count, 1), tensor(count, 2)};
        CpuTensor[] actual = {tensor(count, 1), tensor(count, 2)};
        CpuTensor[] fresh = {filled(count), filled(count)};
        SwiGlu.backward(code, fresh[0], fresh[1], dy, expected[0], expected[1], count / 2, count);
        SwiGlu.backward(Optional.empty(), expected[0], expected[1], dy, expected[0], expected[1], count / 2, count);
        SwiGlu.backward(code, actual[0], actual[1], dy, actual[0], actual[1], count / 2, count);
        for (int i = 0; i < 2; i++) {
            assertArrayEquals(expected[i].data(), actual[i].data());
            float[] half = Arrays.copyOfRange(fresh[i].data(), count / 2, count);
            assertArrayEquals(Arrays.copyOfRange(expected[i].data(), count / 2, count), half);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 8, 15, 16, 17, 31, 32, 33, 576, 1001})
    void crossEntropy(int count) {
        CpuTensor[] logits = {tensor(2 * count, 8), tensor(2 * count, 8)};
        double[] nll = new double[2];
        for (int i = 0; i < 2; i++) {
            CpuTensor rows = new CpuTensor(logits[i].data(), 0, 2, count);
            nll[i] = CrossEntropy.row(i == 0 ? Optional.empty() : code, rows, 1, count / 2, 0.3f);
        }
        assertEquals(nll[0], nll[1]);
        assertArrayEquals(logits[0].data(), logits[1].data());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 8, 15, 16, 17, 31, 32, 33, 576, 1001})
    void softmax(int count) {
        float[] expected = tensor(count + 3, 3).data();
        float[] actual = expected.clone();
        float factor = Softmax.exponentials(expected, 2, count);
        ExponentialKernel exponential = code.orElseThrow().exponential();
        assertEquals(factor, Softmax.exponentials(exponential, actual, 2, count));
        assertArrayEquals(expected, actual);
        Softmax.scale(expected, 2, count, factor);
        exponential.scale(MemorySegment.ofArray(actual).asSlice(8), count, factor);
        assertArrayEquals(expected, actual);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 17, 1024, 1025, 3000})
    void logSumExp(int count) {
        CpuTensor logits = tensor(2 * count, 6);
        CpuTensor rows = new CpuTensor(logits.data(), 0, 2, count);
        assertEquals(CrossEntropy.logSumExp(Optional.empty(), rows, 1), CrossEntropy.logSumExp(code, rows, 1));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 8, 15, 16, 17, 31, 32, 33, 576, 1001})
    void rmsNorm(int columns) {
        float[] values = TinyModel.gaussian(new Random(4), 3 * columns, 1);
        CpuTensor x = new CpuTensor(values, 0, 3, columns);
        CpuTensor w = new CpuTensor(TinyModel.gaussian(new Random(5), columns, 1), 0, 1, columns);
        CpuTensor[] y = {filled(3 * columns), filled(3 * columns)};
        CpuTensor[] rstd = {filled(3), filled(3)};
        for (int i = 0; i < 2; i++) {
            CpuTensor rows = new CpuTensor(y[i].data(), 0, 3, columns);
            CpuTensor saved = new CpuTensor(rstd[i].data(), 0, 3, 1);
            RmsNorm.forward(i == 0 ? Optional.empty() : code, rows, saved, x, w, 1, 1e-5f);
        }
        assertArrayEquals(y[0].data(), y[1].data());
        assertArrayEquals(rstd[0].data(), rstd[1].data());
    }

    /** Random numbers, and the ends among them. */
    private static CpuTensor tensor(int count, int seed) {
        float[] values = TinyModel.gaussian(new Random(seed), count, 4);
        for (int i = 0; i < count; i += 3) {
            values[i] = ENDS[i / 3 % ENDS.length];
        }
        return new CpuTensor(values, 0, 1, count);
    }

    /** What must not be overwritten can be told from what is. */
    private static CpuTensor filled(int count) {
        float[] values = new float[count];
        Arrays.fill(values, 42f);
        return new CpuTensor(values, 0, 1, count);
    }
}
