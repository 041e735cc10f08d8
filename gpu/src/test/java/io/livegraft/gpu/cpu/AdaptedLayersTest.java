package io.livegraft.gpu.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.livegraft.gpu.TinyModel;
import io.livegraft.gpu.backend.Arithmetic;
import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.LinearWeight;
import io.livegraft.gpu.backend.LowRankGradient;
import io.livegraft.gpu.backend.LowRankPair;
import io.livegraft.gpu.backend.LowRankRows;
import io.livegraft.gpu.backend.Operand;
import io.livegraft.gpu.backend.Phase;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.backend.TensorFactor;
import io.livegraft.gpu.tensor.HostTensor;
import io.livegraft.gpu.tensor.Precision;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Frozen layers and adapters in training in one pass have the bits of one after the other, forward and back, on any threads. */
class AdaptedLayersTest {
    private static final Arithmetic ROUNDED = Arithmetic.BFLOAT16;
    /** More than a panel's depth. */
    private static final int IN = 832;

    private static final int[] OUTS = {150, 64, 801};

    private final CpuKernels kernels = KernelChoice.AUTO.kernels();
    private final Backend one = new VectorBackend(1, kernels);
    private final Backend two = new VectorBackend(2, kernels);

    @AfterEach
    void close() {
        one.close();
        two.close();
    }

    /** Adapters have the next rows each; every other one has no pair for the second layer. */
    private record Layers(
            Backend backend,
            Tensor x,
            Tensor dx,
            List<LinearWeight> ws,
            List<Tensor> ys,
            List<Tensor> dys,
            List<LowRankRows> parts,
            List<LowRankGradient> gradients) {
        static Layers of(Backend backend, Precision base, int rank, int... counts) {
            Random random = new Random(7);
            int rows = Arrays.stream(counts).sum();
            Tensor x = tensor(backend, random, rows, IN);
            Tensor dx = tensor(backend, random, rows, IN);
            List<LinearWeight> ws = new ArrayList<>();
            List<Tensor> ys = new ArrayList<>();
            List<Tensor> dys = new ArrayList<>();
            for (int out : OUTS) {
                float[] values = TinyModel.gaussian(random, out * IN, 0.05f);
                ws.add(backend.freeze(HostTensor.matrix(out, IN, values), base));
                ys.add(tensor(backend, random, rows, out));
                dys.add(tensor(backend, random, rows, out));
            }
            Layers layers = new Layers(backend, x, dx, ws, ys, dys, new ArrayList<>(), new ArrayList<>());
            int start = 0;
            for (int count : counts) {
                layers.add(random, rank, start, count);
                start += count;
            }
            return layers;
        }

        private void add(Random random, int rank, int start, int count) {
            boolean all = parts.size() % 2 == 0;
            Tensor rows = backend.rows(x, start, count);
            List<Optional<LowRankPair>> pairs = new ArrayList<>();
            for (int i = 0; i < OUTS.length; i++) {
                Tensor a = tensor(backend, random, rank, IN);
                Tensor b = tensor(backend, random, OUTS[i], rank);
                Tensor aGradient = tensor(backend, random, rank, IN);
                Tensor bGradient = tensor(backend, random, OUTS[i], rank);
                if (all || i != 1) {
                    Tensor dy = backend.rows(dys.get(i), start, count);
                    Tensor into = backend.rows(dx, start, count);
                    gradients.add(new LowRankGradient(into, dy, rows, a, b, aGradient, bGradient, 0.75f));
                    pairs.add(Optional.of(new LowRankPair(
                            rank,
                            new TensorFactor(a, Operand.TRANSPOSED),
                            new TensorFactor(b, Operand.TRANSPOSED),
                            0.75f)));
                } else {
                    pairs.add(Optional.empty());
                }
            }
            parts.add(new LowRankRows(rows, start, pairs));
        }

        boolean inOnePass() {
            return AdaptedProduct.takes(CpuTensor.of(x), parts)
                    && AdaptedSegment.of(CpuTensor.of(dx), CpuTensor.of(dys), gradients)
                            .isPresent();
        }

        List<float[]> together() {
            backend.linear(ys, x, ws, parts, Phase.TRAINING, ROUNDED);
            backend.linearBackward(dx, dys, ws, gradients, ROUNDED);
            return values();
        }

        List<float[]> oneAfterTheOther() {
            backend.linear(ys, x, ws, Phase.TRAINING);
            backend.lowRank(ys, parts, Phase.TRAINING, ROUNDED);
            backend.linearBackward(dx, dys, ws, false);
            backend.lowRankBackward(gradients, ROUNDED);
            return values();
        }

        /** Of everything that is written. */
        private List<float[]> values() {
            List<Tensor> written = new ArrayList<>(ys);
            written.add(dx);
            gradients.forEach(of -> written.addAll(List.of(of.aGradient(), of.bGradient())));
            return written.stream().map(tensor -> Values.of(backend, tensor)).toList();
        }
    }

    @ParameterizedTest
    @CsvSource({"NF4, 16", "NF4, 3", "NF4, 37", "INT8, 16", "BF16, 16", "INT4, 64"})
    void onePassHasTheBitsOfOneAfterTheOther(Precision base, int rank) {
        assumeTrue(kernels.products().isPresent(), "the processor multiplies no bfloat16");
        for (int[] counts : new int[][] {{300}, {133, 128, 519}}) {
            assertTrue(Layers.of(one, base, rank, counts).inOnePass());
            List<float[]> expected = Layers.of(one, base, rank, counts).oneAfterTheOther();
            for (Backend backend : List.of(one, two)) {
                assertSame(expected, Layers.of(backend, base, rank, counts).together());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {16, 5})
    void segmentsOfFewRowsGoOneAfterTheOtherInTheSameBits(int rank) {
        int[] counts = {17, 200, 83};
        assertFalse(Layers.of(two, Precision.NF4, rank, counts).inOnePass());
        assertSame(
                Layers.of(one, Precision.NF4, rank, counts).oneAfterTheOther(),
                Layers.of(two, Precision.NF4, rank, counts).together());
    }

    private static void assertSame(List<float[]> expected, List<float[]> actual) {
        assertEquals(expected.size(), actual.size());
        for (int i = 0; i < expected.size(); i++) {
            assertArrayEquals(expected.get(i), actual.get(i), 0f, "tensor " + i);
        }
    }

    private static Tensor tensor(Backend backend, Random random, int rows, int columns) {
        return backend.upload(TinyModel.gaussian(random, rows * columns, 1), rows, columns);
    }
}
