package io.livegraft.actors.trainer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.livegraft.gpu.lora.Initialization;
import io.livegraft.gpu.lora.LoraConfig;
import io.livegraft.gpu.lora.LoraTargets;
import io.livegraft.gpu.lora.ModuleSelection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.junit.jupiter.api.Test;

class LoraSettingsTest {
    @Test
    void theDefaultsAdaptAllLinearKindsWithOneRank() {
        assertEquals(new LoraConfig(8, 16, false, LoraConfig.ALL_LINEAR), LoraSettings.from(section("")));
    }

    @Test
    void everythingCanBeSaid() {
        SequencedMap<String, Integer> ranks = new LinkedHashMap<>();
        ranks.put("layers.0.self_attn.q_proj", 16);
        ranks.put("q_proj", 4);
        SequencedMap<String, Double> alphas = new LinkedHashMap<>();
        alphas.put("v_proj", 32.5);
        LoraConfig said = LoraSettings.from(section("""
                rank-stabilized = true, target-modules = [q_proj, v_proj], exclude-modules = ".*layers\\\\.1\\\\..*"
                layers-to-transform = [0, 2], dropout = 0.05, initialization = gaussian
                rank-pattern = [{ modules = "layers.0.self_attn.q_proj", rank = 16 }, { modules = q_proj, rank = 4 }]
                alpha-pattern = [{ modules = v_proj, alpha = 32.5 }]"""));
        assertEquals(
                new LoraConfig(8, 16, true, List.of("q_proj", "v_proj"))
                        .withTargets(new LoraTargets(
                                new ModuleSelection.Names(List.of("q_proj", "v_proj")),
                                new ModuleSelection.Regex(".*layers\\.1\\..*"),
                                List.of(0, 2)))
                        .withPatterns(ranks, alphas)
                        .withDropout(0.05)
                        .withInitialization(Initialization.GAUSSIAN),
                said);
        assertEquals(
                List.copyOf(ranks.sequencedKeySet()),
                List.copyOf(said.rankPattern().sequencedKeySet()));
    }

    @Test
    void targetsAreAListAnExpressionOrAllLinear() {
        assertEquals(new ModuleSelection.AllLinear(), targets("target-modules = all-linear"));
        assertEquals(new ModuleSelection.Regex(".*_proj"), targets("target-modules = \".*_proj\""));
        assertEquals(new ModuleSelection.Names(List.of("q_proj")), targets("target-modules = [q_proj]"));
    }

    @Test
    void aPatternThatStandsTwiceIsRefused() {
        Config twice = section("rank-pattern = [{ modules = q_proj, rank = 1 }, { modules = q_proj, rank = 2 }]");
        IllegalArgumentException refusal = assertThrows(IllegalArgumentException.class, () -> LoraSettings.from(twice));
        assertTrue(String.valueOf(refusal.getMessage()).contains("'q_proj' twice"), refusal.getMessage());
    }

    private static ModuleSelection targets(String settings) {
        return LoraSettings.from(section(settings)).targets().modules();
    }

    private static Config section(String settings) {
        return ConfigFactory.parseString(settings)
                .withFallback(ConfigFactory.load().getConfig("livegraft.lora"));
    }
}
