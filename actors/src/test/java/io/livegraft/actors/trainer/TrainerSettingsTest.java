package io.livegraft.actors.trainer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.ConfigFactory;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.model.ModelConfig;
import java.util.List;
import org.junit.jupiter.api.Test;

class TrainerSettingsTest {
    private static final ModelConfig BASE =
            new ModelConfig(8, 16, 2, 2, 1, 4, 32, 64, 1e-5f, 10000, true, 1, List.of(2));

    @Test
    void targetsThatTheBaseDoesNotHaveAreRefusedBeforeAnyTraining() {
        assertEquals(8, settings("").forBase(BASE).lora().rank());
        assertRefused("'query' matches no linear layer", "lora.target-modules = [q_proj, query]");
        assertRefused("layer 2 is not in this base", "lora.layers-to-transform = [2]");
        assertRefused("pattern 'lm_head' matches no", "lora.rank-pattern = [{ modules = lm_head, rank = 2 }]");
    }

    private static void assertRefused(String part, String changed) {
        TrainerSettings settings = settings(changed);
        LivegraftException refusal = assertThrows(LivegraftException.class, () -> settings.forBase(BASE));
        assertEquals(ErrorCode.INVALID_CONFIGURATION, refusal.code());
        assertTrue(String.valueOf(refusal.getMessage()).contains(part), refusal.getMessage());
    }

    private static TrainerSettings settings(String changed) {
        return TrainerSettings.from(ConfigFactory.parseString(changed)
                .withFallback(ConfigFactory.load().getConfig("livegraft")));
    }
}
