package io.livegraft.actors.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.ConfigFactory;
import io.livegraft.actors.trainer.LogBounds;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.util.Map;
import org.junit.jupiter.api.Test;

class NodeSettingsTest {
    @Test
    void theDefaultsAreWhatReferenceConfSays() {
        NodeSettings settings = NodeSettings.from(ConfigFactory.load());
        assertEquals("livegraft.feedback", settings.kafka().feedbackTopic());
        assertEquals(9092, settings.kafka().embeddedPort());
        assertEquals(8, settings.trainer().steps().examples());
        assertEquals(1024, settings.trainer().steps().tokens());
        assertEquals(2000, settings.trainer().steps().maxWaitMillis());
        assertEquals(5e-4, settings.trainer().optimizer().learningRate());
        assertEquals(8, settings.trainer().lora().rank());
        assertEquals(16, settings.registry().retainedVersions());
    }

    @Test
    void aSettingOutOfRangeIsNamed() {
        assertRefused("livegraft.trainer.step-examples", 0, "step-examples is 0");
        assertRefused("livegraft.kafka.embedded.port", 70000, "embedded.port is 70000");
        assertRefused("livegraft.lora.rank", 0, "rank 0");
        assertRefused("livegraft.lora.dropout", 1, "dropout 1.0");
        assertRefused("livegraft.lora.target-modules", "(q_proj", "'(q_proj' is not a regular expression");
        assertRefused("livegraft.lora.initialization", "zeros", "initialization zeros");
        assertRefused("livegraft.registry.retained-versions", 1, "retained-versions is 1");
        assertRefused("livegraft.trainer.loss", "ppo", "loss is 'ppo', expected one of sft, dpo, kto, bco, apo-zero");
        assertRefused("livegraft.trainer.beta", 0, "beta 0.0");
        assertRefused("livegraft.evaluation.general.reference", "child", "reference is 'child'");
        assertRefused("livegraft.evaluation.general.tolerance", -1, "tolerance -1.0");
        assertRefused("livegraft.trainer.max-wait", "soon", "max-wait");
    }

    @Test
    void anotherSettingOfTheStepsIsAnotherConfigDigest() {
        NodeSettings settings = NodeSettings.from(ConfigFactory.load());
        NodeSettings other = NodeSettings.from(ConfigFactory.parseMap(Map.of("livegraft.trainer.replay-examples", 5))
                .withFallback(ConfigFactory.load()));
        LogBounds bounds = settings.ingest().bounds(512);
        String digest = settings.trainer().configDigest("cpu", bounds, "");
        assertEquals(digest, settings.trainer().configDigest("cpu", bounds, ""));
        assertNotEquals(digest, other.trainer().configDigest("cpu", bounds, ""));
        assertNotEquals(digest, settings.trainer().configDigest("cuda", bounds, ""));
        assertNotEquals(
                digest, settings.trainer().configDigest("cpu", settings.ingest().bounds(256), ""));
    }

    private static void assertRefused(String path, Object value, String part) {
        LivegraftException refusal = assertThrows(
                LivegraftException.class,
                () -> NodeSettings.from(
                        ConfigFactory.parseMap(Map.of(path, value)).withFallback(ConfigFactory.load())));
        assertEquals(ErrorCode.INVALID_CONFIGURATION, refusal.code());
        assertTrue(String.valueOf(refusal.getMessage()).contains(part), refusal.getMessage());
    }
}
