package io.livegraft.gpu.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.livegraft.gpu.cuda.OffloadSettings.Choice;
import io.livegraft.gpu.error.LivegraftException;
import org.junit.jupiter.api.Test;

class OffloadSettingsTest {
    private static final Config DEFAULTS =
            ConfigFactory.parseResources("reference.conf").resolve().getConfig("livegraft.engine.cuda");

    @Test
    void whatNobodySaidIsThePlansToChoose() {
        OffloadSettings settings = CudaSettings.from(DEFAULTS).offload();
        assertEquals(new OffloadSettings(Choice.AUTO, Choice.AUTO, 16L << 30), settings);
    }

    @Test
    void wordsAreTakenAndOthersRefusedByTheSettingsName() {
        assertEquals(Choice.ON, with("optimizer-offload = on").optimizer());
        assertEquals(Choice.OFF, with("checkpoint-offload = off").checkpoints());
        LivegraftException refused =
                assertThrows(LivegraftException.class, () -> with("optimizer-offload = sometimes"));
        assertTrue(
                String.valueOf(refused.getMessage()).contains("optimizer-offload is 'sometimes'"), refused::toString);
    }

    @Test
    void memoryCantBeNegative() {
        assertThrows(IllegalArgumentException.class, () -> new OffloadSettings(Choice.ON, Choice.ON, -1));
    }

    private static OffloadSettings with(String line) {
        return CudaSettings.from(ConfigFactory.parseString(line).withFallback(DEFAULTS))
                .offload();
    }
}
