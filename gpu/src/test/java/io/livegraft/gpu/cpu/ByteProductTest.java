package io.livegraft.gpu.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.livegraft.gpu.TinyModel;
import io.livegraft.gpu.backend.Arithmetic;
import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.LinearWeight;
import io.livegraft.gpu.backend.Phase;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.quantization.QuantizationFormat;
import io.livegraft.gpu.quantization.QuantizedTensor;
import io.livegraft.gpu.tensor.HostTensor;
import io.livegraft.gpu.tensor.Precision;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Decode steps in whole numbers: the bits of a scalar specification, law 3, and what is no number. */
@ParameterizedClass
@EnumSource(
        value = KernelChoice.class,
        names = {"AUTO", "WIDE", "NARROW"})
class ByteProductTest {
    private static final int[] COUNTS = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 20, 21, 33};

    private final CpuKernels kernels;
    private final Backend backend;

    ByteProductTest(KernelChoice choice) {
        this.kernels = choice.kernels();
        this.backend = new VectorBackend(2, kernels);
    }

    @BeforeEach
    void needBytes() {
        assumeTrue(kernels.bytes().isPresent(), "the processor does not multiply bytes");
    }

    @AfterEach
    void close() {
        backend.close();
    }

    @ParameterizedTest
    @EnumSource(names = {"NF4", "NF4_SINGLE", "FP4", "INT4", "INT8"})
    void everyElementHasTheBitsOfTheSpecification(Precision precision) {
        for (int[] shape : new int[][] {{131, 192}, {37, 96}, {7, 32}, {61, 1_088}, {16, 64}}) {
            QuantizedTensor weight = weight(precision, shape[0], shape[1]);
            ByteProduct specification = new ByteProduct(weight, shape[0], shape[1]);
            for (int rows : COUNTS) {
                float[] x = rows(rows, shape[1]);
                assertArrayEquals(
                        specification.of(x, rows),
                        product(weight, x, rows, shape),
                        0f,
                        "%d x %d, rows %d".formatted(shape[0], shape[1], rows));
            }
        }
    }

    /** A task has several pieces of such a weight, the last one smaller and its last strip not full. */
    @ParameterizedTest
    @EnumSource(names = {"NF4", "INT8"})
    void groupsOfRowsThatTakeTurnsAtPiecesOfAWeightHaveTheBitsOfSingleRows(Precision precision) {
        int[] shape = {1_571, 1_600};
        LinearWeight weight = backend.freeze(weight(precision, shape[0], shape[1]));
        int most = 21;
        Tensor x = backend.upload(rows(most, shape[1]), most, shape[1]);
        float[] alone = new float[most * shape[0]];
        for (int row = 0; row < most; row++) {
            System.arraycopy(product(weight, backend.rows(x, row, 1)), 0, alone, row * shape[0], shape[0]);
        }
        for (int count = 2; count <= most; count++) {
            float[] together = product(weight, backend.rows(x, 0, count));
            assertArrayEquals(Arrays.copyOf(alone, count * shape[0]), together, 0f, "rows " + count);
        }
    }

    /** More rows than a kernel takes, so that memory has time; weights that end before the adapters do, and after. */
    @ParameterizedTest
    @CsvSource({"NF4, 61, 192", "INT8, 61, 192", "NF4, 1571, 320", "INT8, 1571, 320"})
    void whatIsFetchedMeanwhileChangesNoBit(Precision precision, int out, int in) {
        LinearWeight weight = backend.freeze(weight(precision, out, in));
        Tensor x = backend.upload(rows(21, in), 21, in);
        try (Adapters adapters = new Adapters(backend, 5, in, out)) {
            List<LinearWeight> weights = List.of(weight, weight, weight);
            List<Tensor> expected =
                    Stream.generate(() -> backend.allocate(21, out)).limit(3).toList();
            List<Tensor> actual =
                    Stream.generate(() -> backend.allocate(21, out)).limit(3).toList();
            backend.linear(expected, x, weights, Phase.DECODE);
            backend.lowRank(expected, adapters.parts(x), Phase.DECODE, Arithmetic.BFLOAT16);
            backend.linear(actual, x, weights, adapters.parts(x), Phase.DECODE, Arithmetic.BFLOAT16);
            for (int i = 0; i < 3; i++) {
                assertArrayEquals(Values.of(backend, expected.get(i)), Values.of(backend, actual.get(i)), 0f);
            }
        }
    }

    private float[] product(LinearWeight weight, Tensor x) {
        Tensor y = backend.allocate(x.rows(), weight.outputFeatures());
        backend.linear(y, x, weight, Phase.DECODE);
        return Values.of(backend, y);
    }

    @ParameterizedTest
    @EnumSource(names = {"NF4", "INT8"})
    void magnitudesSharedByRowsWouldBeSeen(Precision precision) {
        int[] shape = {61, 192};
        QuantizedTensor weight = weight(precision, shape[0], shape[1]);
        ByteProduct specification = new ByteProduct(weight, shape[0], shape[1]);
        float[] x = rows(RowLaw.ROWS, shape[1]);
        RowLaw.require("no mutant", rows -> product(weight, x, rows, shape), rows -> specification.of(x, rows), COUNTS);
        assertThrows(
                AssertionError.class,
                () -> RowLaw.require(
                        "mutant",
                        rows -> specification.ofSharedMagnitudes(x, rows),
                        rows -> specification.ofSharedMagnitudes(x, rows),
                        COUNTS));
    }

    @ParameterizedTest
    @EnumSource(names = {"NF4", "INT8"})
    void whatIsNoNumberStaysInItsRowAndShows(Precision precision) {
        int[] shape = {17, 192};
        QuantizedTensor weight = weight(precision, shape[0], shape[1]);
        for (int rows : new int[] {3, 7}) {
            float[] x = rows(rows, shape[1]);
            float[] expected = product(weight, x, rows, shape);
            x[shape[1] + 100] = Float.NaN;
            x[2 * shape[1] + 5] = Float.NEGATIVE_INFINITY;
            float[] actual = product(weight, x, rows, shape);
            for (int m = 0; m < rows; m++) {
                float[] row = Arrays.copyOfRange(actual, m * shape[0], (m + 1) * shape[0]);
                if (m == 1 || m == 2) {
                    for (float value : row) {
                        assertTrue(!Float.isFinite(value), "row " + m + " has " + value);
                    }
                } else {
                    assertArrayEquals(Arrays.copyOfRange(expected, m * shape[0], (m + 1) * shape[0]), row, 0f);
                }
            }
        }
    }

    @Test
    void activationsOf16BitsKeepTheProfileAndTheProductsOfBefore() {
        CpuKernels halves = DecodeActivations.BF16.of(kernels);
        assertTrue(kernels.profile().contains("+bytes-2"), kernels.profile());
        assertTrue(!halves.profile().contains("bytes"), halves.profile());
        int[] shape = {61, 192};
        QuantizedTensor weight = weight(Precision.NF4, shape[0], shape[1]);
        float[] x = rows(5, shape[1]);
        try (Backend other = new VectorBackend(1, halves)) {
            float[] bytes = product(weight, x, 5, shape);
            float[] rounded = product(other, weight, x, 5, shape);
            Values.assertNear(rounded, bytes, 1.5e-2);
            assertTrue(!Arrays.equals(rounded, bytes), "both are the same product");
        }
    }

    /** More rows than are packed by one thread. */
    @ParameterizedTest
    @CsvSource({"NF4, 1", "NF4, 3", "NF4, 133", "INT8, 301"})
    void promptsInBytesHaveTheBitsOfDecodeSteps(Precision precision, int count) {
        int[] shape = {61, 192};
        QuantizedTensor weight = weight(precision, shape[0], shape[1]);
        float[] x = rows(count, shape[1]);
        float[] halves = product(backend, Phase.PREFILL, weight, x, count, shape);
        try (Backend prompts = new VectorBackend(2, PromptActivations.INT8.of(kernels))) {
            float[] bytes = product(prompts, Phase.PREFILL, weight, x, count, shape);
            assertArrayEquals(product(weight, x, count, shape), bytes, 0f);
            assertFalse(Arrays.equals(halves, bytes), "prompts have the bits of bfloat16");
            float[] trained = product(prompts, Phase.TRAINING, weight, x, count, shape);
            assertArrayEquals(product(backend, Phase.TRAINING, weight, x, count, shape), trained, 0f);
        }
    }

    @Test
    void promptsMultiplyBytesByThemselvesWhereThereAreNoTiles() {
        CpuKernels chosen = PromptActivations.AUTO.of(kernels);
        assertEquals(kernels.tiles().isEmpty(), chosen.bytePrompts());
        assertEquals(chosen.bytePrompts(), chosen.profile().contains("+bytes-2+byte-prompts-1"), chosen.profile());
        assertEquals(kernels, PromptActivations.BF16.of(kernels));
        CpuKernels halves = DecodeActivations.BF16.of(kernels);
        assertEquals(halves, PromptActivations.AUTO.of(halves));
        LivegraftException refused = assertThrows(LivegraftException.class, () -> PromptActivations.INT8.of(halves));
        assertTrue(refused.toString().contains("prompt-activations is 'int8'"), refused.toString());
        LivegraftException unknown = assertThrows(LivegraftException.class, () -> PromptActivations.of("int7"));
        assertTrue(unknown.toString().contains("'int7', expected auto, bf16 or int8"), unknown.toString());
    }

    @Test
    void askingPortableKernelsForBytesIsRefused() {
        LivegraftException refused =
                assertThrows(LivegraftException.class, () -> DecodeActivations.INT8.of(CpuKernels.portable()));
        assertTrue(refused.toString().contains("cpu-fma-chain-3"), refused.toString());
        assertThrows(LivegraftException.class, () -> DecodeActivations.of("int7"));
        assertEquals(kernels, DecodeActivations.INT8.of(kernels));
    }

    private static QuantizedTensor weight(Precision precision, int outputs, int inputs) {
        float[] values = TinyModel.gaussian(new Random(1), outputs * inputs, 0.1);
        return QuantizationFormat.of(precision).quantize(HostTensor.matrix(outputs, inputs, values));
    }

    /** Rows of very different size, with zeros for a whole block. */
    private static float[] rows(int rows, int columns) {
        float[] x = TinyModel.gaussian(new Random(2), rows * columns, 1);
        for (int i = 0; i < x.length; i++) {
            int row = i / columns;
            x[i] = row % 3 == 2 && i % columns < 32 ? 0 : x[i] * (float) Math.pow(3, row % 7 - 3);
        }
        return x;
    }

    private float[] product(QuantizedTensor weight, float[] x, int rows, int[] shape) {
        return product(backend, weight, x, rows, shape);
    }

    private static float[] product(Backend backend, QuantizedTensor weight, float[] x, int rows, int[] shape) {
        return product(backend, Phase.DECODE, weight, x, rows, shape);
    }

    private static float[] product(
            Backend backend, Phase phase, QuantizedTensor weight, float[] x, int rows, int[] shape) {
        Tensor y = backend.allocate(rows, shape[0]);
        Tensor some = backend.upload(Arrays.copyOf(x, rows * shape[1]), rows, shape[1]);
        backend.linear(y, some, backend.freeze(weight), phase);
        return Values.of(backend, y);
    }
}
