package io.livegraft.gpu.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.livegraft.gpu.TinyModel;
import io.livegraft.gpu.backend.Arithmetic;
import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.LowRankRows;
import io.livegraft.gpu.backend.Phase;
import io.livegraft.gpu.backend.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where prompts multiply bytes, what adapters add to them has the bits of decode steps, whatever rows there are. */
class BytePromptTest {
    private static final int IN = 172;
    private static final int OUT = 150;

    private final CpuKernels kernels = KernelChoice.AUTO.kernels();

    @BeforeEach
    void bytes() {
        assumeTrue(kernels.bytes().isPresent(), "the processor does not multiply bytes");
    }

    /** Up to one row more than what is cut into pieces, and an adapter of one row behind it. */
    @ParameterizedTest
    @ValueSource(ints = {1, 3, 130, 257, 389})
    void anAdapterAddsToAPromptWhatItAddsToDecodeSteps(int count) {
        try (Backend one = new VectorBackend(1, kernels);
                Backend two = new VectorBackend(2, PromptActivations.INT8.of(kernels))) {
            List<float[]> steps = added(one, Phase.DECODE, rowByRow(count));
            List<float[]> prompt = added(two, Phase.PREFILL, List.of(count, 1));
            for (int layer = 0; layer < steps.size(); layer++) {
                assertArrayEquals(steps.get(layer), prompt.get(layer), 0f, "layer " + layer);
            }
        }
    }

    @Test
    void otherwisePromptsKeepBfloat16() {
        try (Backend backend = new VectorBackend(2, kernels)) {
            List<float[]> steps = added(backend, Phase.DECODE, List.of(61, 1));
            assertFalse(Arrays.equals(
                    steps.getFirst(),
                    added(backend, Phase.PREFILL, List.of(61, 1)).getFirst()));
        }
    }

    /** The first adapter has all rows but the last one. */
    private static List<Integer> rowByRow(int count) {
        return Stream.iterate(1, one -> one).limit(count + 1L).toList();
    }

    /** @param parts how many rows each has; the last one is the second adapter's */
    private static List<float[]> added(Backend backend, Phase phase, List<Integer> parts) {
        int rows = parts.stream().mapToInt(Integer::intValue).sum();
        Tensor x = backend.upload(TinyModel.gaussian(new Random(1), rows * IN, 1), rows, IN);
        List<Tensor> ys =
                Stream.generate(() -> backend.allocate(rows, OUT)).limit(3).toList();
        try (Adapters adapters = new Adapters(backend, 2, IN, OUT)) {
            List<LowRankRows> both = adapters.parts(x);
            List<LowRankRows> all = new ArrayList<>();
            int start = 0;
            for (int count : parts) {
                boolean last = start + count == rows;
                LowRankRows adapter = both.get(last ? 1 : 0);
                all.add(new LowRankRows(backend.rows(x, start, count), start, adapter.pairs()));
                start += count;
            }
            backend.lowRank(ys, all, phase, Arithmetic.BFLOAT16);
        }
        return ys.stream().map(y -> Values.of(backend, y)).toList();
    }
}
