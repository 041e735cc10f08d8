package io.livegraft.gpu.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.cuda.CudaBackend;
import io.livegraft.gpu.cuda.CudaException;
import io.livegraft.gpu.cuda.OffloadSettings;
import io.livegraft.gpu.cuda.OffloadSettings.Choice;
import io.livegraft.gpu.cuda.StandIn;
import io.livegraft.gpu.transformer.GradientCheckpointing;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Law 1 through whole trainings: where moments and checkpoints live never shows in a bit. */
class CudaOffloadLawTest {
    private static final long HOST_BYTES = 1 << 24;
    private static final int STEPS = 2;

    @TempDir
    private Path directory;

    private Path base = Path.of("");

    @BeforeEach
    void write() {
        base = TinyQlora.base(directory, 32, 48, 64);
    }

    @Test
    void aTrainingHasOneDigestWhereverItsMomentsAndCheckpointsLive() {
        Map<String, String> digests = new TreeMap<>();
        for (GradientCheckpointing policy :
                new GradientCheckpointing[] {GradientCheckpointing.NONE, GradientCheckpointing.FULL}) {
            for (Choice moments : new Choice[] {Choice.OFF, Choice.ON}) {
                for (Choice checkpoints : kept(policy)) {
                    OffloadSettings offload = new OffloadSettings(moments, checkpoints, HOST_BYTES);
                    digests.put(policy + " " + offload, digest(offload, policy));
                }
            }
        }
        assertEquals(6, digests.size());
        assertEquals(1, digests.values().stream().distinct().count(), digests::toString);
    }

    /** Checkpoints are what a full policy keeps. */
    private static List<Choice> kept(GradientCheckpointing policy) {
        return policy == GradientCheckpointing.FULL ? List.of(Choice.OFF, Choice.ON) : List.of(Choice.OFF);
    }

    private String digest(OffloadSettings offload, GradientCheckpointing policy) {
        try (CudaBackend backend = StandIn.backend(offload)) {
            String digest = TinyQlora.digest(backend, base, STEPS, policy, true);
            boolean left = offload.optimizer() == Choice.ON
                    || (offload.checkpoints() == Choice.ON && policy == GradientCheckpointing.FULL);
            assertEquals(left, backend.offloadedPeakBytes() > 0, offload::toString);
            return digest;
        }
    }

    @Test
    void aHostThatHasNoMoreRefusesTheStepAndNothingIsLost() {
        OffloadSettings enough = new OffloadSettings(Choice.ON, Choice.ON, HOST_BYTES);
        long needed = peak(enough);
        OffloadSettings little = new OffloadSettings(Choice.ON, Choice.ON, needed - 1);
        try (CudaBackend backend = StandIn.backend(little)) {
            CudaException refused = assertThrows(
                    CudaException.class,
                    () -> TinyQlora.digest(backend, base, STEPS, GradientCheckpointing.FULL, true));
            assertTrue(refused.code().outOfMemory());
            assertEquals(0, backend.offloadedBytes());
        }
    }

    private long peak(OffloadSettings offload) {
        try (CudaBackend backend = StandIn.backend(offload)) {
            TinyQlora.digest(backend, base, STEPS, GradientCheckpointing.FULL, true);
            return backend.offloadedPeakBytes();
        }
    }
}
