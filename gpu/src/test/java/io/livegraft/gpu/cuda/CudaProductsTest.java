package io.livegraft.gpu.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.TinyModel;
import io.livegraft.gpu.backend.Arithmetic;
import io.livegraft.gpu.backend.Operand;
import io.livegraft.gpu.backend.Phase;
import io.livegraft.gpu.quantization.BlockTensor;
import io.livegraft.gpu.quantization.Codebook;
import io.livegraft.gpu.quantization.QuantizationFormat;
import io.livegraft.gpu.tensor.Bf16;
import io.livegraft.gpu.tensor.HostTensor;
import io.livegraft.gpu.tensor.Precision;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Frozen weights and products on the device against sums in double precision, on prime sizes; law 3 to the bit. */
class CudaProductsTest {
    private static final int OUT = 37;
    private static final int IN = 43;
    /** Sums of rounded operands differ by the order of their float32 additions alone. */
    private static final double SUMMED = 2e-6;

    private CudaDevice device;
    private CudaWeights weights;
    private CudaProducts products;

    @BeforeEach
    void open() {
        device = StandIn.device();
        CudaRounding rounding = new CudaRounding(device);
        weights = new CudaWeights(device, rounding);
        products = new CudaProducts(device, rounding);
    }

    @AfterEach
    void close() {
        if (device != null) {
            device.close();
        }
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void rowsOfAFrozenWeightAreWhatItDecodesTo(Precision precision) {
        for (int columns : new int[] {IN, 48, 192}) {
            HostTensor exact = weight(OUT, columns);
            assertArrayEquals(decoded(exact, precision).values(), embedded(weights.freeze(exact, precision)), 0f);
        }
    }

    @ParameterizedTest
    @CsvSource({"32, 43", "64, 43", "128, 64", "256, 192", "4096, 192"})
    void rowsAreRightForBlocksOfAnySizeAndLevelsOfTheirOwn(int blockSize, int columns) {
        BlockTensor made = BlockTensor.quantize(weight(OUT, columns), Codebook.FP4, blockSize, true);
        float[] levels = made.levels();
        levels[3] = 0.99f;
        BlockTensor own = new BlockTensor(Codebook.FP4, levels, OUT, columns, blockSize, made.packed(), made.scales());
        assertArrayEquals(own.dequantize().values(), embedded(weights.freeze(own)), 0f);
    }

    @ParameterizedTest
    @EnumSource(
            value = Precision.class,
            mode = EnumSource.Mode.EXCLUDE,
            names = {"FP32"})
    void aDequantizedWeightIsRoundedOnceToBfloat16AndZerosBehindItsRows(Precision precision) {
        for (int columns : new int[] {IN, 48, 192}) {
            HostTensor exact = weight(OUT, columns);
            float[] values = decoded(exact, precision).values();
            CudaWeight frozen = weights.freeze(exact, precision);
            try (var _ = device.workspaces().scratch()) {
                Bf16Matrix rounded = new CudaRounding(device).dequantized(frozen);
                short[] bits = new short[OUT * rounded.stride()];
                device.download(MemorySegment.ofArray(bits), rounded.address());
                for (int i = 0; i < bits.length; i++) {
                    int column = i % rounded.stride();
                    float value = column < columns ? values[i / rounded.stride() * columns + column] : 0;
                    assertEquals(Bf16.fromFloat(value), bits[i], "element " + i);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Arithmetic.class)
    void productsOfAnyShapeAndOrderAreTheReferences(Arithmetic arithmetic) {
        int[][] shapes = {{1, 1, 1}, {3, 131, 17}, {67, 7, 37}, {131, 137, 67}, {16, 64, 128}};
        for (int[] shape : shapes) {
            for (Operand a : Operand.values()) {
                for (Operand b : Operand.values()) {
                    product(shape[0], shape[1], shape[2], a, b, arithmetic);
                }
            }
        }
    }

    private void product(int m, int n, int k, Operand a, Operand b, Arithmetic arithmetic) {
        float[] left = TinyModel.gaussian(new Random(1), m * k, 1);
        float[] right = TinyModel.gaussian(new Random(2), n * k, 1);
        float[] before = TinyModel.gaussian(new Random(3), m * n, 1);
        boolean rounds = arithmetic == Arithmetic.BFLOAT16;
        double[] expected = new double[m * n];
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
                double sum = 0;
                for (int l = 0; l < k; l++) {
                    float x = left[a == Operand.PLAIN ? i * k + l : l * m + i];
                    float y = right[b == Operand.PLAIN ? l * n + j : j * k + l];
                    sum += rounds ? (double) rounded(x) * rounded(y) : (double) x * y;
                }
                expected[i * n + j] = before[i * n + j] + 0.5 * sum;
            }
        }
        CudaTensor c = tensor(before, m, n);
        CudaTensor at = a == Operand.PLAIN ? tensor(left, m, k) : tensor(left, k, m);
        CudaTensor bt = b == Operand.PLAIN ? tensor(right, k, n) : tensor(right, n, k);
        products.multiply(c, at, a, bt, b, 0.5f, true, arithmetic);
        assertNear(expected, values(c), SUMMED);
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void linearLayersAreTheReferencesInEveryPhase(Precision precision) {
        for (int columns : new int[] {IN, 192, 576}) {
            HostTensor exact = weight(OUT, columns);
            CudaWeight frozen = weights.freeze(exact, precision);
            float[] x = TinyModel.gaussian(new Random(5), 11 * columns, 1);
            for (Phase phase : Phase.values()) {
                CudaTensor y = device.workspaces().own(11, OUT, DeviceMemory.Use.TENSORS);
                products.linear(List.of(y), tensor(x, 11, columns), List.of(frozen), phase);
                float[] w = multiplied(exact, precision, phase);
                assertNear(linear(x, w, columns, precision != Precision.FP32), values(y), SUMMED);
            }
        }
    }

    /** Rounded after decoding; in decode of 4 bits whose blocks fit tiles the levels are, and of 8 bits nothing. */
    private static float[] multiplied(HostTensor exact, Precision precision, Phase phase) {
        float[] values = decoded(exact, precision).values();
        boolean rows = phase == Phase.DECODE && exact.columns() % 64 == 0;
        return switch (precision) {
            case FP32 -> values;
            case INT8 -> phase == Phase.DECODE ? values : rounded(values);
            case BF16 -> rounded(values);
            case NF4, NF4_SINGLE, FP4, INT4 -> rows ? roundedLevels(exact, precision) : rounded(values);
        };
    }

    private static float[] roundedLevels(HostTensor exact, Precision precision) {
        BlockTensor made = (BlockTensor) QuantizationFormat.of(precision).quantize(exact);
        return new BlockTensor(
                        made.codebook(),
                        rounded(made.levels()),
                        made.rows(),
                        made.columns(),
                        made.blockSize(),
                        made.packed(),
                        made.scales())
                .dequantize()
                .values();
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void theWayBackIsTheReferencesAndAddsInOrder(Precision precision) {
        HostTensor exact = weight(OUT, 192);
        float[] w = decoded(exact, precision).values();
        CudaWeight frozen = weights.freeze(exact, precision);
        float[] dy = TinyModel.gaussian(new Random(6), 13 * OUT, 1);
        CudaTensor dx = tensor(new float[13 * 192], 13, 192);
        products.linearBackward(dx, List.of(tensor(dy, 13, OUT), tensor(dy, 13, OUT)), List.of(frozen, frozen), true);
        boolean rounds = precision != Precision.FP32;
        double[] expected = new double[13 * 192];
        for (int i = 0; i < expected.length; i++) {
            for (int o = 0; o < OUT; o++) {
                float up = dy[i / 192 * OUT + o];
                float weight = w[o * 192 + i % 192];
                expected[i] += 2.0 * (rounds ? rounded(up) : up) * (rounds ? rounded(weight) : weight);
            }
        }
        assertNear(expected, values(dx), SUMMED);
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void aRowHasTheSameBitsAloneAndAmongAnyNumber(Precision precision) {
        CudaWeight frozen = weights.freeze(weight(53, 576), precision);
        CudaWeight second = weights.freeze(weight(17, 576), precision);
        int most = 67;
        float[] x = TinyModel.gaussian(new Random(7), most * 576, 1);
        for (Phase phase : Phase.values()) {
            float[] all = rows(x, most, 576, List.of(frozen, second), phase);
            for (int rows : new int[] {1, 2, 8, 9, 17, 33, 64}) {
                float[] some = rows(x, rows, 576, List.of(frozen, second), phase);
                assertArrayEquals(Arrays.copyOf(all, some.length), some, 0f, phase + ", rows " + rows);
                assertArrayEquals(some, rows(x, rows, 576, List.of(frozen), phase), 0f);
            }
        }
    }

    /** Of the first weight. */
    private float[] rows(float[] x, int rows, int columns, List<CudaWeight> ws, Phase phase) {
        List<CudaTensor> ys = ws.stream()
                .map(w -> device.workspaces().own(rows, w.outputFeatures(), DeviceMemory.Use.TENSORS))
                .toList();
        products.linear(List.copyOf(ys), tensor(Arrays.copyOf(x, rows * columns), rows, columns), ws, phase);
        return values(ys.getFirst());
    }

    private static double[] linear(float[] x, float[] w, int columns, boolean rounds) {
        float[] seen = rounds ? rounded(x) : x;
        double[] y = new double[x.length / columns * OUT];
        for (int i = 0; i < y.length; i++) {
            for (int k = 0; k < columns; k++) {
                y[i] += (double) seen[i / OUT * columns + k] * w[i % OUT * columns + k];
            }
        }
        return y;
    }

    private float[] embedded(CudaWeight weight) {
        CudaTensor y =
                device.workspaces().own(weight.outputFeatures(), weight.inputFeatures(), DeviceMemory.Use.TENSORS);
        weights.embed(y, weight, IntStream.range(0, weight.outputFeatures()).toArray());
        return values(y);
    }

    private static HostTensor decoded(HostTensor exact, Precision precision) {
        return switch (precision) {
            case FP32 -> exact;
            case BF16 -> HostTensor.matrix(exact.rows(), exact.columns(), rounded(exact.values()));
            case NF4, NF4_SINGLE, FP4, INT8, INT4 ->
                QuantizationFormat.of(precision).quantize(exact).dequantize();
        };
    }

    private static HostTensor weight(int rows, int columns) {
        return HostTensor.matrix(rows, columns, TinyModel.gaussian(new Random(4), rows * columns, 1));
    }

    private static float rounded(float value) {
        return Bf16.toFloat(Bf16.fromFloat(value));
    }

    private static float[] rounded(float[] values) {
        float[] out = new float[values.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = rounded(values[i]);
        }
        return out;
    }

    private CudaTensor tensor(float[] values, int rows, int columns) {
        CudaTensor tensor = device.workspaces().own(rows, columns, DeviceMemory.Use.TENSORS);
        device.upload(tensor.address(), MemorySegment.ofArray(values));
        return tensor;
    }

    private float[] values(CudaTensor tensor) {
        float[] values = new float[tensor.rows() * tensor.columns()];
        device.download(MemorySegment.ofArray(values), tensor.address());
        return values;
    }

    private static void assertNear(double[] expected, float[] actual, double tolerance) {
        double largest = Arrays.stream(expected).map(Math::abs).max().orElse(0);
        for (int i = 0; i < expected.length; i++) {
            double difference = Math.abs(expected[i] - actual[i]);
            assertTrue(difference <= tolerance * largest, i + ": " + expected[i] + " and " + actual[i]);
        }
    }
}
