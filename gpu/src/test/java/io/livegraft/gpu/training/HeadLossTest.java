package io.livegraft.gpu.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.TinyModel;
import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.cpu.KernelChoice;
import io.livegraft.gpu.cpu.VectorBackend;
import io.livegraft.gpu.model.ModelDirectory;
import io.livegraft.gpu.tensor.ParameterLayout;
import io.livegraft.gpu.tensor.Precision;
import io.livegraft.gpu.transformer.Transformer;
import io.livegraft.gpu.transformer.TransformerWeights;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Chunks of rows bound the memory of logits and don't show in a result. */
class HeadLossTest {
    private static final int ROWS = 150;
    private static final int HIDDEN = 64;
    private static final int VOCABULARY = 96;

    @TempDir
    private Path directory;

    private record Outcome(double nll, double nllAgain, float[] dHidden) {}

    @ParameterizedTest
    @MethodSource("io.livegraft.gpu.cpu.DistinctKernels#choices")
    void chunksOfAnySizeGiveTheSameBitsForAFrozenHead(KernelChoice kernels) {
        Path base = TinyQlora.base(directory, HIDDEN, 176, VOCABULARY);
        try (Backend backend = new VectorBackend(2, kernels.kernels())) {
            for (Precision precision : List.of(Precision.FP32, Precision.NF4)) {
                TransformerWeights frozen = TransformerWeights.frozen(backend, ModelDirectory.open(base), precision);
                assertChunksDoNotShow(backend, new Transformer(backend, frozen));
            }
        }
    }

    @Test
    void chunksOfAnySizeGiveTheSameBitsForATrainedHeadAndItsGradient() {
        Path base = TinyQlora.base(directory, HIDDEN, 176, VOCABULARY);
        var config = ModelDirectory.open(base).config();
        ParameterLayout layout = TransformerWeights.layout(config);
        try (Backend backend = new VectorBackend(2)) {
            Tensor values = tensor(backend, 1, layout.size());
            Tensor gradients = backend.allocate(1, layout.size());
            Transformer transformer =
                    new Transformer(backend, TransformerWeights.trained(backend, config, values, gradients));
            assertChunksDoNotShow(backend, transformer);
            backend.zero(gradients);
            run(backend, transformer, ROWS);
            float[] whole = values(backend, gradients);
            backend.zero(gradients);
            run(backend, transformer, 7);
            assertArrayEquals(whole, values(backend, gradients), 0f);
            assertTrue(backend.sumOfSquares(gradients) > 0);
        }
    }

    @Test
    void noMoreRowsOfLogitsThanAChunkHasAreThereAtOnce() {
        Path base = TinyQlora.base(directory, HIDDEN, 176, VOCABULARY);
        try (Backend backend = new VectorBackend(1)) {
            int[] most = {0};
            Backend watched = (Backend) Proxy.newProxyInstance(
                    Backend.class.getClassLoader(), new Class<?>[] {Backend.class}, (proxy, method, arguments) -> {
                        if (method.getName().startsWith("allocate")
                                && arguments.length == 2
                                && (int) arguments[1] == VOCABULARY) {
                            most[0] += (int) arguments[0];
                        }
                        return method.invoke(backend, arguments);
                    });
            TransformerWeights frozen = TransformerWeights.frozen(watched, ModelDirectory.open(base), Precision.NF4);
            HeadLoss loss = new HeadLoss(watched, new Transformer(watched, frozen), 7);
            loss.backward(watched.allocate(ROWS, HIDDEN), tensor(watched, ROWS, HIDDEN), targets(), 1);
            assertEquals(7, most[0]);
        }
    }

    private static void assertChunksDoNotShow(Backend backend, Transformer transformer) {
        Outcome whole = run(backend, transformer, ROWS);
        assertTrue(whole.nll() > ROWS, "random hidden states predict nothing");
        assertEquals(whole.nll(), whole.nllAgain());
        for (int chunk : new int[] {1, 7, 128, HeadLoss.CHUNK_ROWS}) {
            Outcome chunked = run(backend, transformer, chunk);
            assertEquals(whole.nll(), chunked.nll(), "chunk " + chunk);
            assertEquals(whole.nll(), chunked.nllAgain(), "chunk " + chunk);
            assertArrayEquals(whole.dHidden(), chunked.dHidden(), 0f, "chunk " + chunk);
        }
    }

    private static Outcome run(Backend backend, Transformer transformer, int chunk) {
        HeadLoss loss = new HeadLoss(backend, transformer, chunk);
        Tensor hidden = tensor(backend, ROWS, HIDDEN);
        Tensor dHidden = tensor(backend, ROWS, HIDDEN);
        double nll = loss.nll(hidden, targets());
        double again = loss.backward(dHidden, hidden, targets(), 0.3f);
        return new Outcome(nll, again, values(backend, dHidden));
    }

    private static int[] targets() {
        return new Random(9).ints(ROWS, 0, VOCABULARY).toArray();
    }

    private static Tensor tensor(Backend backend, int rows, int columns) {
        return backend.upload(TinyModel.gaussian(new Random(3), rows * columns, 1), rows, columns);
    }

    private static float[] values(Backend backend, Tensor tensor) {
        float[] values = new float[tensor.rows() * tensor.columns()];
        backend.download(values, tensor);
        return values;
    }
}
