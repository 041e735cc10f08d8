package io.livegraft.gpu.lora;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.TinyModel;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.lora.ModuleSelection.AllLinear;
import io.livegraft.gpu.lora.ModuleSelection.Names;
import io.livegraft.gpu.lora.ModuleSelection.Regex;
import io.livegraft.gpu.model.ModelConfig;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** The rules are PEFT's: {@code check_target_module_exists} and {@code get_pattern_key}. */
class LoraConfigTest {
    /** Two layers. */
    private static final ModelConfig BASE = TinyModel.CONFIG;

    private static final LoraConfig SIMPLE = new LoraConfig(4, 8, false, List.of("q_proj"));

    @Test
    void aListAdaptsItsKindsInEveryLayer() {
        LoraConfig config = new LoraConfig(4, 8, false, List.of("v_proj", "down_proj"));
        assertEquals(
                List.of(
                        new AdaptedLinear(0, "down_proj", 4, 2),
                        new AdaptedLinear(0, "v_proj", 4, 2),
                        new AdaptedLinear(1, "down_proj", 4, 2),
                        new AdaptedLinear(1, "v_proj", 4, 2)),
                config.adaptedLinears(BASE));
    }

    @Test
    void allLinearIsTheSameAsTheSevenNames() {
        LoraConfig names = new LoraConfig(4, 8, false, LoraConfig.ALL_LINEAR);
        assertEquals(
                names.adaptedLinears(BASE),
                SIMPLE.withTargets(LoraTargets.of(new AllLinear())).adaptedLinears(BASE));
        assertEquals(14, names.adaptedLinears(BASE).size());
    }

    @Test
    void anExpressionAdaptsWhatItMatches() {
        assertEquals(
                List.of("0 v_proj", "1 k_proj", "1 v_proj"), adapted(LoraTargets.of(new Regex("(.*1.*k|.*v)_proj"))));
    }

    @Test
    void exclusionGoesBeforeTargets() {
        assertEquals(
                List.of("0 q_proj", "1 q_proj", "1 v_proj"),
                adapted(new LoraTargets(
                        new Names(List.of("q_proj", "v_proj")), new Regex(".*layers\\.0\\..*v_proj"), List.of())));
        assertEquals(
                List.of("0 down_proj", "0 gate_proj", "0 up_proj", "1 down_proj", "1 gate_proj", "1 up_proj"),
                adapted(new LoraTargets(
                        new AllLinear(), new Names(List.of("q_proj", "k_proj", "v_proj", "o_proj")), List.of())));
    }

    @Test
    void layersHoldForNamesButNotForWholePaths() {
        Names names = new Names(List.of("q_proj", "model.layers.0.self_attn.v_proj"));
        assertEquals(List.of("0 v_proj", "1 q_proj"), adapted(new LoraTargets(names, LoraTargets.NONE, List.of(1))));
    }

    private static List<String> adapted(LoraTargets targets) {
        return SIMPLE.withTargets(targets).adaptedLinears(BASE).stream()
                .map(linear -> linear.layer() + " " + linear.module())
                .toList();
    }

    @Test
    void patternsMatchTheEndOfThePathUnlessAnchored() {
        SequencedMap<String, Integer> ranks = new LinkedHashMap<>();
        ranks.put("^self_attn.q_proj|^model\\.layers\\.0\\.self_attn\\.v_proj", 16);
        ranks.put("layers.1.self_attn.q_proj", 2);
        ranks.put("q_proj", 8);
        SequencedMap<String, Double> alphas = new LinkedHashMap<>();
        alphas.put("[qv]_proj", 32.0);
        LoraConfig config =
                new LoraConfig(4, 8, false, List.of("q_proj", "k_proj", "v_proj")).withPatterns(ranks, alphas);
        assertEquals(
                List.of(
                        new AdaptedLinear(0, "k_proj", 4, 2),
                        new AdaptedLinear(0, "q_proj", 8, 4),
                        new AdaptedLinear(0, "v_proj", 16, 2),
                        new AdaptedLinear(1, "k_proj", 4, 2),
                        new AdaptedLinear(1, "q_proj", 2, 16),
                        new AdaptedLinear(1, "v_proj", 4, 8)),
                config.adaptedLinears(BASE));
    }

    @Test
    void rankStabilizedScalingDividesByTheRootOfEachRank() {
        SequencedMap<String, Integer> ranks = new LinkedHashMap<>();
        ranks.put("v_proj", 16);
        List<AdaptedLinear> linears = new LoraConfig(4, 8, true, List.of("q_proj", "v_proj"))
                .withPatterns(ranks, new LinkedHashMap<>())
                .adaptedLinears(BASE);
        assertEquals(4f, linears.get(0).scaling());
        assertEquals(2f, linears.get(1).scaling());
    }

    @Test
    void refusesByNameWhatTheBaseDoesNotHave() {
        assertRefused("'q_projection' matches no linear layer", names("q_proj", "q_projection"));
        assertRefused("'.*query' matches no linear layer", LoraTargets.of(new Regex(".*query")));
        assertRefused("take in 'lm_head'", names("q_proj", "lm_head"));
        assertRefused("take in 'model.embed_tokens'", LoraTargets.of(new Regex(".*")));
        assertRefused(
                "layer 2 is not in this base, which has layers 0 to 1",
                new LoraTargets(new Names(List.of("q_proj")), LoraTargets.NONE, List.of(0, 2)));
        assertRefused(
                "target modules [q_proj] without 'model.*' in layers [] leave nothing",
                new LoraTargets(new Names(List.of("q_proj")), new Regex("model.*"), List.of()));
    }

    @Test
    void refusesAPatternThatMatchesNothingByName() {
        SequencedMap<String, Integer> ranks = new LinkedHashMap<>();
        ranks.put("layers.2.self_attn.q_proj", 2);
        assertRefused(
                "pattern 'layers.2.self_attn.q_proj' matches no linear layer",
                SIMPLE.withPatterns(ranks, new LinkedHashMap<>()));
        SequencedMap<String, Double> alphas = new LinkedHashMap<>();
        alphas.put("^q_proj", 2.0);
        assertRefused("pattern '^q_proj' matches no linear layer", SIMPLE.withPatterns(new LinkedHashMap<>(), alphas));
    }

    private static LoraTargets names(String... names) {
        return LoraTargets.of(new Names(List.of(names)));
    }

    private static void assertRefused(String part, LoraTargets targets) {
        assertRefused(part, SIMPLE.withTargets(targets));
    }

    private static void assertRefused(String part, LoraConfig config) {
        LivegraftException refusal = assertThrows(LivegraftException.class, () -> config.adaptedLinears(BASE));
        assertEquals(ErrorCode.INVALID_CONFIGURATION, refusal.code());
        assertTrue(String.valueOf(refusal.getMessage()).contains(part), refusal.getMessage());
    }

    @Test
    void refusesValuesOutOfRange() {
        assertOutOfRange("rank 0", () -> new LoraConfig(0, 8, false, List.of("q_proj")));
        assertOutOfRange("alpha 0.0", () -> new LoraConfig(1, 0, false, List.of("q_proj")));
        assertOutOfRange("alpha NaN", () -> new LoraConfig(1, Double.NaN, false, List.of("q_proj")));
        assertOutOfRange("target modules []", () -> new LoraConfig(1, 1, false, List.of()));
        assertOutOfRange("dropout 1.0", () -> SIMPLE.withDropout(1));
        assertOutOfRange("dropout -0.1", () -> SIMPLE.withDropout(-0.1));
        assertOutOfRange(
                "layers [-1]", () -> new LoraTargets(new Names(List.of("q_proj")), LoraTargets.NONE, List.of(-1)));
        assertOutOfRange(
                "need a list of names as target modules, not all-linear",
                () -> new LoraTargets(new AllLinear(), LoraTargets.NONE, List.of(1)));
        SequencedMap<String, Integer> ranks = new LinkedHashMap<>();
        ranks.put("q_proj", 0);
        assertOutOfRange("rank 0", () -> SIMPLE.withPatterns(ranks, new LinkedHashMap<>()));
        SequencedMap<String, Double> alphas = new LinkedHashMap<>();
        alphas.put("[q_proj", 1.0);
        assertOutOfRange(
                "'[q_proj' is not a regular expression", () -> SIMPLE.withPatterns(new LinkedHashMap<>(), alphas));
    }

    private static void assertOutOfRange(String part, Executable action) {
        IllegalArgumentException refusal = assertThrows(IllegalArgumentException.class, action);
        assertTrue(String.valueOf(refusal.getMessage()).contains(part), refusal.getMessage());
    }
}
