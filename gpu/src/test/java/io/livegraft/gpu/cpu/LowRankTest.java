package io.livegraft.gpu.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import io.livegraft.gpu.TinyModel;
import io.livegraft.gpu.backend.Arithmetic;
import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.LowRankGradient;
import io.livegraft.gpu.backend.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The way back through adapters on this machine's kernels: near the reference, and law 3 to the bit. */
class LowRankTest {
    private static final int[] SEGMENTS = {133, 300, 1, 64};
    private static final int IN = 172;
    private static final int[] OUTS = {150, 64};

    private final CpuKernels kernels = KernelChoice.AUTO.kernels();
    private final Backend one = new VectorBackend(1, kernels);
    private final Backend three = new VectorBackend(3, kernels);
    private final Backend reference = new ReferenceBackend();

    @AfterEach
    void close() {
        one.close();
        three.close();
    }

    /** Layers over the same rows of several segments, and everything that they add to. */
    private record Layers(
            Backend backend,
            List<Tensor> dxs,
            List<Tensor> aGradients,
            List<Tensor> bGradients,
            List<List<LowRankGradient>> parts) {
        static Layers of(Backend backend, int rank) {
            Layers layers =
                    new Layers(backend, new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
            Random random = new Random(5);
            List<Tensor> as = new ArrayList<>();
            List<Tensor> bs = new ArrayList<>();
            for (int out : OUTS) {
                as.add(tensor(backend, random, rank, IN));
                bs.add(tensor(backend, random, out, rank));
                layers.aGradients.add(tensor(backend, random, rank, IN));
                layers.bGradients.add(tensor(backend, random, out, rank));
            }
            for (int rows : SEGMENTS) {
                Tensor x = tensor(backend, random, rows, IN);
                Tensor dx = tensor(backend, random, rows, IN);
                layers.dxs.add(dx);
                List<LowRankGradient> segment = new ArrayList<>();
                for (int i = 0; i < OUTS.length; i++) {
                    segment.add(new LowRankGradient(
                            dx,
                            tensor(backend, random, rows, OUTS[i]),
                            x,
                            as.get(i),
                            bs.get(i),
                            layers.aGradients.get(i),
                            layers.bGradients.get(i),
                            0.75f));
                }
                layers.parts.add(segment);
            }
            return layers;
        }

        /** In one call, or one for every segment. */
        List<float[]> backward(Arithmetic arithmetic, boolean together) {
            if (together) {
                backend.lowRankBackward(parts.stream().flatMap(List::stream).toList(), arithmetic);
            } else {
                parts.forEach(segment -> backend.lowRankBackward(segment, arithmetic));
            }
            List<Tensor> all = new ArrayList<>(dxs);
            all.addAll(aGradients);
            all.addAll(bGradients);
            return all.stream().map(tensor -> Values.of(backend, tensor)).toList();
        }
    }

    @ParameterizedTest
    @EnumSource(Arithmetic.class)
    void gradientsAreNearTheReference(Arithmetic arithmetic) {
        List<float[]> expected = Layers.of(reference, 16).backward(arithmetic, true);
        List<float[]> actual = Layers.of(one, 16).backward(arithmetic, true);
        for (int i = 0; i < expected.size(); i++) {
            Values.assertNear(expected.get(i), actual.get(i), arithmetic == Arithmetic.FLOAT32 ? 1e-5 : 0x1p-7);
        }
    }

    @ParameterizedTest
    @CsvSource({"3, FLOAT32", "3, BFLOAT16", "16, BFLOAT16", "17, BFLOAT16", "64, BFLOAT16"})
    void neitherThreadsNorOtherSegmentsInTheCallChangeABit(int rank, Arithmetic arithmetic) {
        List<float[]> expected = Layers.of(one, rank).backward(arithmetic, true);
        for (boolean together : new boolean[] {true, false}) {
            List<float[]> actual = Layers.of(three, rank).backward(arithmetic, together);
            for (int i = 0; i < expected.size(); i++) {
                assertArrayEquals(expected.get(i), actual.get(i), 0f, "tensor " + i + ", together " + together);
            }
        }
    }

    private static Tensor tensor(Backend backend, Random random, int rows, int columns) {
        return backend.upload(TinyModel.gaussian(random, rows * columns, 1), rows, columns);
    }
}
