package io.livegraft.gpu.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.livegraft.gpu.TinyModel;
import io.livegraft.gpu.backend.Arithmetic;
import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.KvCache;
import io.livegraft.gpu.backend.LinearWeight;
import io.livegraft.gpu.backend.Phase;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.tensor.HostTensor;
import io.livegraft.gpu.tensor.Precision;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The kernels that a machine's instruction set decides about: near the reference, and law 3 to the bit. */
@ParameterizedClass
@MethodSource("machines")
class FastKernelTest {
    private static final int ROWS = RowLaw.ROWS;
    /** (out, in): in blocks, in half groups and in neither; for oneDNN and not. */
    private static final int[][] SHAPES = {
        {131, 192}, {96, 64}, {129, 100}, {3, 320}, {160, 96}, {2_080, 64}, {64, 2_176}
    };

    private final CpuKernels kernels;
    private final DecodeActivations activations;
    private final Backend one;
    private final Backend three;
    private final Backend reference = new ReferenceBackend();
    /** Operands, which take longer to make than their products. */
    private final Map<List<Object>, LinearWeight> weights = new HashMap<>();

    private final Map<List<Object>, Tensor> inputs = new HashMap<>();
    private final Map<List<Integer>, float[]> drawn = new HashMap<>();

    /** Narrow registers multiply nothing but bytes. */
    static Stream<Arguments> machines() {
        return DistinctKernels.processors().flatMap(processor -> Stream.of(
                        DecodeActivations.AUTO, DecodeActivations.BF16)
                .filter(activations -> processor != TestedProcessor.NARROW || activations == DecodeActivations.AUTO)
                .map(activations -> Arguments.of(processor, activations)));
    }

    FastKernelTest(TestedProcessor processor, DecodeActivations activations) {
        this.kernels = activations.of(processor.kernels());
        this.activations = activations;
        this.one = new VectorBackend(1, kernels);
        this.three = new VectorBackend(3, kernels);
    }

    @AfterEach
    void close() {
        one.close();
        three.close();
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void everyPhaseIsNearTheReference(Precision precision) {
        for (int[] shape : SHAPES) {
            for (Phase phase : Phase.values()) {
                Values.assertNear(
                        linear(reference, shape, precision, phase, 9),
                        linear(three, shape, precision, phase, 9),
                        tolerance(precision, phase));
            }
            Values.assertNear(backward(reference, shape, precision, 9), backward(three, shape, precision, 9), 6e-3);
        }
    }

    /** In bytes an activation has half a 127th of its block's largest for an error, in bfloat16 a 512th of itself. */
    private double tolerance(Precision precision, Phase phase) {
        return switch (precision) {
            case FP32 -> 1e-5;
            case BF16 -> 6e-3;
            case NF4, NF4_SINGLE, FP4, INT8, INT4 ->
                phase == Phase.DECODE && kernels.bytes().isPresent() ? 1.5e-2 : 6e-3;
        };
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void aRowHasTheSameBitsAloneAndAmongAnyNumberAndOnAnyNumberOfThreads(Precision precision) {
        for (int[] shape : SHAPES) {
            for (Phase phase : Phase.values()) {
                RowLaw.require(
                        phase.name(),
                        rows -> linear(three, shape, precision, phase, rows),
                        rows -> linear(one, shape, precision, phase, rows),
                        1,
                        2,
                        3,
                        4,
                        5,
                        16,
                        17,
                        33,
                        64,
                        65,
                        128);
            }
            RowLaw.require(
                    "backward",
                    rows -> backward(three, shape, precision, rows),
                    rows -> backward(one, shape, precision, rows),
                    1,
                    2,
                    16,
                    31,
                    100,
                    128);
        }
    }

    /** So many that each thread takes rows of its own, more than once, in pieces of the inner dimension. */
    @ParameterizedTest
    @EnumSource(
            value = Precision.class,
            names = {"NF4", "INT8", "BF16"})
    void aRowHasTheSameBitsAmongSoManyThatThreadsShareThem(Precision precision) {
        int many = 900;
        int few = 7;
        int outputs = 1_571;
        int inputs = 1_600;
        LinearWeight weight = three.freeze(weight(new int[] {outputs, inputs}), precision);
        Tensor x = three.upload(TinyModel.gaussian(new Random(4), many * inputs, 1), many, inputs);
        Tensor dy = three.upload(TinyModel.gaussian(new Random(5), many * outputs, 1), many, outputs);
        for (int from : new int[] {0, 255, 893}) {
            Tensor all = three.allocateUnset(many, outputs);
            Tensor some = three.allocateUnset(few, outputs);
            three.linear(all, x, weight, Phase.TRAINING);
            three.linear(some, three.rows(x, from, few), weight, Phase.TRAINING);
            assertArrayEquals(Values.of(three, some), Values.of(three, three.rows(all, from, few)), 0f);
            Tensor dAll = three.allocateUnset(many, inputs);
            Tensor dSome = three.allocateUnset(few, inputs);
            three.linearBackward(dAll, List.of(dy), List.of(weight), false);
            three.linearBackward(dSome, List.of(three.rows(dy, from, few)), List.of(weight), false);
            assertArrayEquals(Values.of(three, dSome), Values.of(three, three.rows(dAll, from, few)), 0f);
        }
    }

    @ParameterizedTest
    @EnumSource(Phase.class)
    void severalWeightsOverTheSameRowsHaveTheBitsOfEachAlone(Phase phase) {
        int[][] shapes = {{96, 192}, {131, 192}, {2_080, 192}, {64, 192}};
        List<LinearWeight> weights = new ArrayList<>();
        for (int i = 0; i < shapes.length; i++) {
            Precision[] precisions = {Precision.NF4, Precision.BF16, Precision.NF4, Precision.FP32};
            weights.add(three.freeze(weight(shapes[i]), precisions[i]));
        }
        for (int rows : new int[] {1, 5, ROWS}) {
            Tensor x = three.rows(input(three, 192), 0, rows);
            List<Tensor> ys = outputs(weights, rows);
            three.linear(ys, x, weights, phase);
            List<Tensor> dys = outputs(weights, rows);
            Tensor dx = three.allocateUnset(rows, 192);
            Tensor expected = three.allocate(rows, 192);
            for (int i = 0; i < shapes.length; i++) {
                three.linear(dys.get(i), x, weights.get(i), phase);
                assertArrayEquals(Values.of(three, dys.get(i)), Values.of(three, ys.get(i)), 0f, "weight " + i);
                three.linearBackward(expected, dys.get(i), weights.get(i));
            }
            three.linearBackward(dx, dys, weights, false);
            assertArrayEquals(Values.of(three, expected), Values.of(three, dx), 0f, "backward, rows " + rows);
        }
    }

    private List<Tensor> outputs(List<LinearWeight> weights, int rows) {
        return weights.stream()
                .map(weight -> three.allocate(rows, weight.outputFeatures()))
                .toList();
    }

    @Test
    void stripsHoldTheVeryWeightsOfTheFile() {
        assumeTrue(kernels.wideStrips().isPresent(), "registers are narrower than 512 bits");
        for (Precision precision : List.of(Precision.NF4, Precision.FP4, Precision.INT8, Precision.BF16)) {
            for (int[] shape : new int[][] {{5, 192}, {35, 96}, {16, 32}}) {
                HostTensor weight = weight(shape);
                CpuLinearWeight strips = assertInstanceOf(StripWeight.class, one.freeze(weight, precision));
                CpuLinearWeight plain = CpuLinearWeight.freeze(weight, precision);
                float[] expected = new float[shape[0] * shape[1]];
                float[] actual = new float[expected.length];
                for (int row = 0; row < shape[0]; row++) {
                    plain.decodeRow(expected, row * shape[1], 1, row, 0, shape[1]);
                    strips.decodeRow(actual, row * shape[1], 1, row, 0, shape[1]);
                }
                // a row's scale is rounded once in strips, twice by the file's formula
                assertArrayEquals(expected, actual, precision == Precision.INT8 ? 1e-7f : 0f);
            }
        }
    }

    @Test
    void decodingHasTheSameBitsInTilesAndInRegisters() {
        assumeTrue(kernels.tiles().isPresent(), "no tiles");
        try (Backend registers = new VectorBackend(2, activations.of(KernelChoice.WIDE.kernels()))) {
            for (Precision precision : List.of(Precision.NF4, Precision.INT4, Precision.INT8, Precision.BF16)) {
                for (int[] shape : SHAPES) {
                    assertArrayEquals(
                            linear(registers, shape, precision, Phase.DECODE, 21),
                            linear(three, shape, precision, Phase.DECODE, 21),
                            0f);
                }
            }
        }
    }

    @Test
    void attentionOfOneQueryHasTheBitsOfManyAndIsNearTheReference() {
        int headDim = 64;
        int length = 150;
        for (int window : new int[] {Integer.MAX_VALUE, 37}) {
            float[] whole = attention(one, length, 0, length, headDim, window);
            Values.assertNear(attention(reference, length, 0, length, headDim, window), whole, 1e-5);
            for (int position : new int[] {0, 1, 63, 64, 65, 128, 149}) {
                float[] last = attention(three, length, position, 1, headDim, window);
                int from = position * 2 * headDim;
                assertArrayEquals(
                        Arrays.copyOfRange(whole, from, from + 2 * headDim), last, 0f, "position " + position);
            }
        }
    }

    /** Of {@code count} queries from {@code position} on. */
    private static float[] attention(Backend backend, int length, int position, int count, int headDim, int window) {
        Random random = new Random(5);
        Tensor q = backend.upload(TinyModel.gaussian(random, length * 2 * headDim, 1), length, 2 * headDim);
        Tensor k = backend.upload(TinyModel.gaussian(random, length * headDim, 1), length, headDim);
        Tensor v = backend.upload(TinyModel.gaussian(random, length * headDim, 1), length, headDim);
        KvCache cache = backend.allocateKvCache(1, 1, headDim, length, Arithmetic.FLOAT32);
        backend.appendKv(cache, 0, k, v, 0);
        Tensor out = backend.allocate(count, 2 * headDim);
        backend.attention(out, backend.rows(q, position, count), cache, 0, position, window);
        return Values.of(backend, out);
    }

    private float[] linear(Backend backend, int[] shape, Precision precision, Phase phase, int rows) {
        Tensor y = backend.allocate(rows, shape[0]);
        backend.linear(y, backend.rows(input(backend, shape[1]), 0, rows), frozen(backend, shape, precision), phase);
        return Values.of(backend, y);
    }

    private float[] backward(Backend backend, int[] shape, Precision precision, int rows) {
        Tensor dx = backend.upload(gaussian(3, ROWS * shape[1], 1), ROWS, shape[1]);
        Tensor some = backend.rows(dx, 0, rows);
        backend.linearBackward(
                some, backend.rows(input(backend, shape[0]), 0, rows), frozen(backend, shape, precision));
        return Values.of(backend, some);
    }

    private LinearWeight frozen(Backend backend, int[] shape, Precision precision) {
        return weights.computeIfAbsent(
                List.of(backend, shape[0], shape[1], precision), made -> backend.freeze(weight(shape), precision));
    }

    private HostTensor weight(int[] shape) {
        return HostTensor.matrix(shape[0], shape[1], gaussian(1, shape[0] * shape[1], 0.1));
    }

    private Tensor input(Backend backend, int columns) {
        return inputs.computeIfAbsent(
                List.of(backend, columns), made -> backend.upload(gaussian(2, ROWS * columns, 1), ROWS, columns));
    }

    private float[] gaussian(int seed, int count, double deviation) {
        return drawn.computeIfAbsent(
                List.of(seed, count), made -> TinyModel.gaussian(new Random(seed), count, deviation));
    }
}
