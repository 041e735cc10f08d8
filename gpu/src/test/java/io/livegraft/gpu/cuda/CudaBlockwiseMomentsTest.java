package io.livegraft.gpu.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.TinyModel;
import io.livegraft.gpu.backend.AdamWStep;
import io.livegraft.gpu.backend.BlockwiseMoments;
import io.livegraft.gpu.backend.BlockwiseState;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.backend.Workspace;
import io.livegraft.gpu.cuda.OffloadSettings.Choice;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class CudaBlockwiseMomentsTest {
    private static final int SIZE = 5003;

    /** What is left after some steps. */
    private record Outcome(float[] values, BlockwiseState state) {}

    @Test
    void stepsHaveTheSameBitsWhereverMomentsLive() {
        Outcome onCard = steps(Choice.OFF);
        Outcome inHost = steps(Choice.ON);
        assertArrayEquals(onCard.values(), inHost.values());
        assertArrayEquals(onCard.state().first().codes(), inHost.state().first().codes());
        assertArrayEquals(
                onCard.state().first().absMax(), inHost.state().first().absMax());
        assertArrayEquals(
                onCard.state().second().codes(), inHost.state().second().codes());
        assertArrayEquals(
                onCard.state().second().absMax(), inHost.state().second().absMax());
    }

    private static Outcome steps(Choice moments) {
        try (CudaBackend backend = StandIn.backend(new OffloadSettings(moments, Choice.OFF, 1 << 20));
                Workspace workspace = backend.workspace();
                var _ = workspace.use()) {
            Random random = new Random(1);
            Tensor values = backend.upload(TinyModel.gaussian(random, SIZE, 1), 1, SIZE);
            BlockwiseMoments kept = backend.blockwise(zero()).orElseThrow();
            for (int step = 1; step < 4; step++) {
                Tensor gradients = backend.upload(TinyModel.gaussian(random, SIZE, 1), 1, SIZE);
                kept.step(values, gradients, new AdamWStep(1e-2, 0.9, 0.999, 1e-8, 0.1, step, 0.5));
            }
            float[] after = new float[SIZE];
            backend.download(after, values);
            BlockwiseState state = kept.state();
            long used = backend.device().host().usedBytes();
            assertTrue(moments == Choice.ON ? used > 2 * SIZE : used == 0, () -> used + " bytes of the host");
            return new Outcome(after, state);
        }
    }

    private static BlockwiseState zero() {
        float[] map = new float[BlockwiseState.BLOCK];
        for (int i = 0; i < map.length; i++) {
            map[i] = (i - 127) / 128f;
        }
        int blocks = Math.ceilDiv(SIZE, BlockwiseState.BLOCK);
        byte[] codes = new byte[SIZE];
        Arrays.fill(codes, (byte) 127);
        return new BlockwiseState(
                new BlockwiseState.Codes(codes, new float[blocks], map),
                new BlockwiseState.Codes(codes.clone(), new float[blocks], map));
    }
}
