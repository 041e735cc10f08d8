package io.livegraft.gpu.training;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.cuda.StandIn;
import io.livegraft.gpu.transformer.GradientCheckpointing;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Law 3 through whole trainings on the CUDA backend: one digest, whatever the company, the policy and the order of threads. */
class CudaDeterminismLawTest {
    private static final int STEPS = 2;

    @TempDir
    private Path directory;

    @Test
    void aTrainingHasOneDigestAloneAndBesideSevenTenantsInEveryOrderOfThreads() {
        Path base = TinyQlora.base(directory, 32, 48, 64);
        Map<String, String> digests = new TreeMap<>();
        digests.put("alone", digest(base, GradientCheckpointing.NONE, false));
        digests.put("recomputed", digest(base, GradientCheckpointing.FULL, true));
        StandIn.inEveryOrder(order -> digests.put(order, digest(base, GradientCheckpointing.NONE, true)));
        assertEquals(1, digests.values().stream().distinct().count(), digests::toString);
    }

    @Test
    void aTrainingInTheProfileFastHasTheDigestOfInvariant() {
        Path base = TinyQlora.base(directory, 32, 48, 64);
        try (Backend fast = StandIn.fast()) {
            String digest = TinyQlora.digest(fast, base, STEPS, GradientCheckpointing.NONE, true);
            assertEquals(digest(base, GradientCheckpointing.NONE, true), digest);
        }
    }

    private static String digest(Path base, GradientCheckpointing policy, boolean neighbours) {
        try (Backend backend = StandIn.backend()) {
            return TinyQlora.digest(backend, base, STEPS, policy, neighbours);
        }
    }
}
