package io.livegraft.gpu.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BasePrecisionTest {
    @ParameterizedTest
    @CsvSource({"FP32,FP32", "BF16,BF16", "INT8,BF16", "NF4,INT8", "NF4_SINGLE,INT8", "FP4,INT8", "INT4,INT8"})
    void aHeadThatIsNotNamedFitsTheLinearLayers(Precision linears, Precision head) {
        assertEquals(head, BasePrecision.of(linears).head());
    }

    @Test
    void aNamedHeadIsTakenUnlessTheBaseIsExact() {
        assertEquals("nf4+bf16-head", named(Precision.NF4, Precision.BF16));
        assertEquals("bf16+int8-head", named(Precision.BF16, Precision.INT8));
        assertEquals("fp32+fp32-head", named(Precision.FP32, Precision.INT8));
    }

    @Test
    void aHeadOfFourBitsIsRefused() {
        IllegalArgumentException refused =
                assertThrows(IllegalArgumentException.class, () -> named(Precision.NF4, Precision.NF4));
        assertEquals(
                "the head's precision is nf4 beside linear layers in nf4, expected bf16 or int8", refused.getMessage());
    }

    private static String named(Precision linears, Precision head) {
        return BasePrecision.of(linears, Optional.of(head)).toString();
    }
}
