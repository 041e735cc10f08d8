package io.livegraft.gpu.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class Bf16Test {
    @Test
    void roundsToTheNearestBfloat16AndTiesToEven() {
        assertEquals(0x3F80, Bf16.fromFloat(Float.intBitsToFloat(0x3F808000)) & 0xFFFF, "tie, even below");
        assertEquals(0x3F82, Bf16.fromFloat(Float.intBitsToFloat(0x3F818000)) & 0xFFFF, "tie, even above");
        assertEquals(0x3F81, Bf16.fromFloat(Float.intBitsToFloat(0x3F808001)) & 0xFFFF, "just above a tie");
        assertEquals(0xBF80, Bf16.fromFloat(Float.intBitsToFloat(0xBF807FFF)) & 0xFFFF, "just below a tie");
        assertEquals(0x7F80, Bf16.fromFloat(Float.MAX_VALUE) & 0xFFFF, "overflows to infinity");
        assertEquals(0xFF80, Bf16.fromFloat(Float.NEGATIVE_INFINITY) & 0xFFFF);
        assertEquals(0x8000, Bf16.fromFloat(-0f) & 0xFFFF);
        short nan = Bf16.fromFloat(Float.intBitsToFloat(0x7F800001));
        assertTrue(Float.isNaN(Bf16.toFloat(nan)), "a NaN whose payload lies in the lost bits");
    }
}
