package io.livegraft.gpu.lora;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.lora.ModuleSelection.AllLinear;
import io.livegraft.gpu.lora.ModuleSelection.Names;
import io.livegraft.gpu.lora.ModuleSelection.Regex;
import java.util.List;
import org.junit.jupiter.api.Test;

class ModuleSelectionTest {
    private static final String Q = "model.layers.3.self_attn.q_proj";

    @Test
    void aNameMatchesAWholePathOrItsEndBehindADot() {
        assertTrue(new Names(List.of("q_proj")).matches(Q));
        assertTrue(new Names(List.of("self_attn.q_proj")).matches(Q));
        assertTrue(new Names(List.of(Q)).matches(Q));
        assertFalse(new Names(List.of("proj")).matches(Q));
        assertFalse(new Names(List.of("q_pro.")).matches(Q));
        assertFalse(new Names(List.of("layers.3.self_attn")).matches(Q));
    }

    @Test
    void anExpressionMatchesWholePathsOnly() {
        assertTrue(new Regex(".*\\.[qv]_proj").matches(Q));
        assertTrue(new Regex("model\\.layers\\.[3-5]\\..*").matches(Q));
        assertFalse(new Regex("q_proj").matches(Q));
        assertFalse(new Regex(".*\\.[qv]_pro").matches(Q));
    }

    @Test
    void allLinearIsTheBlocksWithoutTheHead() {
        assertTrue(new AllLinear().matches(Q));
        assertTrue(new AllLinear().matches("model.layers.0.mlp.down_proj"));
        assertFalse(new AllLinear().matches("lm_head"));
        assertFalse(new AllLinear().matches("model.embed_tokens"));
        assertFalse(new AllLinear().matches("model.layers.0.input_layernorm"));
    }

    @Test
    void saysWhichPartMatchesNothing() {
        List<String> paths = List.of(Q, "model.layers.3.self_attn.v_proj");
        assertEquals(List.of("o_proj"), new Names(List.of("v_proj", "o_proj", "q_proj")).unmatched(paths));
        assertEquals(List.of("q_proj"), new Regex("q_proj").unmatched(paths));
        assertEquals(List.of(), new Regex(".*q_proj").unmatched(paths));
    }

    @Test
    void anArgumentCanBeNamesToo() {
        assertEquals(
                new Names(List.of("q_proj", "self_attn.v_proj")),
                ModuleSelection.ofArgument("q_proj,self_attn.v_proj"));
        assertEquals(new AllLinear(), ModuleSelection.ofArgument("all-linear"));
        assertEquals(new Regex(".*\\.(q|v)_proj"), ModuleSelection.ofArgument(".*\\.(q|v)_proj"));
    }

    @Test
    void aTextIsAllLinearOrAnExpression() {
        assertEquals(new AllLinear(), ModuleSelection.of("all-linear"));
        assertEquals(new Regex(".*q_proj"), ModuleSelection.of(".*q_proj"));
        IllegalArgumentException refusal =
                assertThrows(IllegalArgumentException.class, () -> ModuleSelection.of("(q_proj"));
        assertTrue(String.valueOf(refusal.getMessage()).startsWith("'(q_proj' is not a regular expression"));
    }
}
