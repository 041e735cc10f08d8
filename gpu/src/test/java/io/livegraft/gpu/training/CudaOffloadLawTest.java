package io.livegraft.gpu.training;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.livegraft.gpu.cuda.CudaBackend;
import io.livegraft.gpu.cuda.OffloadSettings;
import io.livegraft.gpu.cuda.OffloadSettings.Choice;
import io.livegraft.gpu.cuda.StandIn;
import io.livegraft.gpu.transformer.GradientCheckpointing;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Law 1 through whole trainings: where moments live never shows in a bit. */
class CudaOffloadLawTest {
    private static final long HOST_BYTES = 1 << 24;

    @TempDir
    private Path directory;

    @Test
    void aTrainingHasOneDigestWhereverItsMomentsLive() {
        Path base = TinyQlora.base(directory, 32, 48, 64);
        String onCard = digest(base, Choice.OFF, false);
        assertEquals(onCard, digest(base, Choice.ON, false));
        assertEquals(onCard, digest(base, Choice.ON, true));
    }

    private static String digest(Path base, Choice moments, boolean neighbours) {
        try (CudaBackend backend = StandIn.backend(new OffloadSettings(moments, HOST_BYTES))) {
            String digest = TinyQlora.digest(backend, base, 2, GradientCheckpointing.NONE, neighbours);
            assertEquals(moments == Choice.ON, backend.offloadedPeakBytes() > 0);
            return digest;
        }
    }
}
