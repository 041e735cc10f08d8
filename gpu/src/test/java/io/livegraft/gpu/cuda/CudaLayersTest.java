package io.livegraft.gpu.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.livegraft.gpu.TinyModel;
import io.livegraft.gpu.backend.AdamWStep;
import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.DropoutMask;
import io.livegraft.gpu.backend.LargestLogits;
import io.livegraft.gpu.backend.Rope;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.cpu.ReferenceBackend;
import io.livegraft.gpu.cpu.TwinBackend;
import io.livegraft.gpu.cpu.VectorBackend;
import io.livegraft.gpu.model.RopeScaling;
import io.livegraft.gpu.optimizer.AdamW;
import io.livegraft.gpu.optimizer.MomentPrecision;
import io.livegraft.gpu.optimizer.Moments;
import io.livegraft.gpu.optimizer.OptimizerSettings;
import io.livegraft.gpu.tensor.ParameterLayout;
import java.util.Arrays;
import java.util.Random;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Layers, loss and optimizer on the device agree with the reference, in every order of a block's threads. */
class CudaLayersTest {
    /** Odd ones, and those that all accesses of 16 bytes are taken in. */
    private static final int[][] SHAPES = {{1, 1}, {1, 67}, {13, 2}, {61, 1021}, {7, 1024}, {3, 4400}};

    private final Random random = new Random(1);
    private CudaDevice device;
    private CudaBackend layers;

    @BeforeEach
    void open() {
        device = StandIn.device();
        layers = new CudaBackend(device);
    }

    @AfterEach
    void close() {
        layers.close();
        StandInDriver.order(FiberOrder.FORWARD, 1);
    }

    private void twins(FiberOrder order, BiConsumer<Backend, Random> steps) {
        StandInDriver.order(order, 7);
        steps.accept(new TwinBackend(new ReferenceBackend(), layers).both(), random);
    }

    @ParameterizedTest
    @EnumSource(FiberOrder.class)
    void elementsAndNormsAgree(FiberOrder order) {
        for (int[] shape : SHAPES) {
            twins(order, (both, random) -> elements(both, random, shape[0], shape[1]));
        }
    }

    private static void elements(Backend both, Random random, int rows, int columns) {
        Tensor x = tensor(both, random, rows, columns);
        Tensor dy = tensor(both, random, rows, columns);
        Tensor w = tensor(both, random, 1, columns);
        Tensor rstd = both.allocate(rows, 1);
        both.rmsNorm(both.allocate(rows, columns), rstd, x, w, 1e-5f);
        both.rmsNormBackward(tensor(both, random, rows, columns), dy, x, w, rstd);
        both.rmsNormWeightBackward(tensor(both, random, 1, columns), dy, x, rstd);
        Tensor gate = tensor(both, random, rows, columns);
        both.swiGlu(both.allocate(rows, columns), gate, x);
        both.swiGluBackward(tensor(both, random, rows, columns), tensor(both, random, rows, columns), dy, gate, x);
        DropoutMask mask = new DropoutMask(0.3, random.nextLong());
        both.dropout(both.allocate(rows, columns), x, mask);
        both.dropoutBackward(tensor(both, random, rows, columns), dy, mask);
        both.add(x, dy);
        both.addBias(x, w);
        both.addBiasBackward(tensor(both, random, 1, columns), dy);
        both.zero(x);
    }

    @ParameterizedTest
    @EnumSource(FiberOrder.class)
    void rotationsAgreeAtOldAndNewPositions(FiberOrder order) {
        int[] positions = {0, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 4095};
        for (boolean inverse : new boolean[] {false, true}) {
            twins(order, (both, random) -> {
                Rope wide = new Rope(16, 500_000, new RopeScaling.Llama3(8, 1, 4, 64));
                both.rotate(tensor(both, random, 13, 3 * 16), positions, wide, inverse);
                Rope odd = new Rope(14, 10_000, new RopeScaling.None());
                both.rotate(tensor(both, random, 13, 5 * 14), positions, odd, inverse);
                both.rotate(tensor(both, random, 1, 14), new int[] {8191}, odd, inverse);
            });
        }
    }

    @ParameterizedTest
    @EnumSource(FiberOrder.class)
    void embeddingsAgree(FiberOrder order) {
        int[] ids = {0, 130, 7, 7, 129, 7};
        for (int columns : new int[] {67, 128}) {
            twins(order, (both, random) -> {
                Tensor table = tensor(both, random, 131, columns);
                both.embed(both.allocate(ids.length, columns), table, ids);
                both.embedBackward(table, tensor(both, random, ids.length, columns), ids);
            });
        }
    }

    @ParameterizedTest
    @EnumSource(FiberOrder.class)
    void lossesAgree(FiberOrder order) {
        int[] targets = {0, 130, 7, -1, 5, 6, 11, -1, 99, 1, 2, 3, 4};
        twins(order, (both, random) -> {
            both.crossEntropy(tensor(both, random, targets.length, 131), targets, 0.25f);
            both.crossEntropy(tensor(both, random, 2, 3), new int[] {-1, -1}, 1);
            both.crossEntropy(tensor(both, random, 1, 1), new int[] {0}, -1);
            both.crossEntropy(tensor(both, random, 2, 8 * 1024), new int[] {8191, 0}, 1e-3f);
            both.logSumExp(tensor(both, random, 3, 1_031));
            both.logSumExp(tensor(both, random, 1, 32_003));
        });
    }

    @ParameterizedTest
    @EnumSource(FiberOrder.class)
    void theLargestLogitIsFoundAndOfEqualOnesTheFirst(FiberOrder order) {
        StandInDriver.order(order, 7);
        float[] logits = TinyModel.gaussian(random, 3 * 1031, 1);
        logits[1030] = 9;
        logits[1031 + 700] = 8;
        logits[1031 + 7] = 8;
        logits[2 * 1031] = 7;
        LargestLogits largest = layers.largest(layers.upload(logits, 3, 1031));
        assertArrayEquals(new float[] {9, 8, 7}, largest.values());
        assertArrayEquals(new int[] {1030, 7, 0}, largest.ids());
    }

    @ParameterizedTest
    @EnumSource(FiberOrder.class)
    void optimizerStepsAgree(FiberOrder order) {
        for (int size : new int[] {1, 67, 4096}) {
            twins(order, (both, random) -> {
                Tensor p = tensor(both, random, 1, size);
                Tensor m = tensor(both, random, 1, size);
                Tensor v = both.allocate(1, size);
                for (int step = 1; step < 4; step++) {
                    AdamWStep constants = new AdamWStep(1e-2, 0.9, 0.999, 1e-8, 0.1, step, 0.5);
                    both.adamW(p, m, v, tensor(both, random, 1, size), constants);
                }
            });
        }
    }

    /** Every element goes the way it goes on the CPU, so that moments kept in 8 bits have the same codes. */
    @ParameterizedTest
    @EnumSource(FiberOrder.class)
    void stepsOfManyTensorsInBothFormsHaveTheBitsOfTheCpu(FiberOrder order) {
        StandInDriver.order(order, 7);
        ParameterLayout layout = ParameterLayout.builder()
                .add("q_proj.lora_A.weight", 3, 67)
                .add("q_proj.lora_B.weight", 67, 131)
                .add("v_proj.lora_B.weight", 1, 4_096)
                .build();
        for (MomentPrecision precision : MomentPrecision.values()) {
            OptimizerSettings settings = new OptimizerSettings(0.01, 0.9, 0.999, 1e-8, 0.1, 1, 2)
                    .withLoraPlusRatio(16)
                    .with(precision);
            try (Backend cpu = new VectorBackend(1)) {
                assertArrayEquals(steps(cpu, layout, settings), steps(layers, layout, settings), 0f);
            }
        }
        assertEquals(
                3, device.launches().get("optimizer.adamw"), "a small tensor has no codes and is stepped by itself");
        assertEquals(3, device.launches().get("optimizer.adamw_parts"));
        assertEquals(6, device.launches().get("optimizer.adamw_blockwise"));
    }

    /** Parameters and both moments. */
    private static float[] steps(Backend backend, ParameterLayout layout, OptimizerSettings settings) {
        Random random = new Random(5);
        int size = layout.size();
        Tensor values = tensor(backend, random, 1, size);
        AdamW adamW = AdamW.of(backend, layout, Moments.zero(size), settings.moments());
        for (int t = 0; t < 3; t++) {
            adamW.step(values, tensor(backend, random, 1, size), settings, t, 1.5);
        }
        Moments.Float32 moments = (Moments.Float32) adamW.moments().in(MomentPrecision.FLOAT32, layout);
        float[] all = Arrays.copyOf(moments.first(), 3 * size);
        System.arraycopy(moments.second(), 0, all, size, size);
        float[] parameters = new float[size];
        backend.download(parameters, values);
        System.arraycopy(parameters, 0, all, 2 * size, size);
        return all;
    }

    @ParameterizedTest
    @EnumSource(FiberOrder.class)
    void squaresAreSummedInDoublePrecision(FiberOrder order) {
        StandInDriver.order(order, 7);
        for (int size : new int[] {1, 16_384, 70_001}) {
            float[] x = TinyModel.gaussian(random, size, 1);
            double expected = IntStream.range(0, size)
                    .mapToDouble(i -> (double) x[i] * x[i])
                    .sum();
            assertEquals(expected, layers.sumOfSquares(layers.upload(x, 1, size)), 1e-13 * expected);
        }
    }

    private static Tensor tensor(Backend backend, Random random, int rows, int columns) {
        return backend.upload(TinyModel.gaussian(random, rows * columns, 1), rows, columns);
    }
}
