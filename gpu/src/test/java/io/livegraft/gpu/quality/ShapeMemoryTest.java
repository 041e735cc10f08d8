package io.livegraft.gpu.quality;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ShapeMemoryTest {
    /** Parameters as the models' own cards give them; shares follow by r·(in+out) of each linear layer. */
    @ParameterizedTest
    @CsvSource({"0, 15191712, 525312", "1, 134515008, 4884480"})
    void linearLayersTakeFourPointOneTwoSevenBits(int shape, long parameters, long trainable) {
        ShapeMemory memory = ShapeMemory.of(ModelShape.KNOWN.get(shape), 16);
        assertEquals(parameters, memory.parameters());
        assertEquals(trainable, memory.trainable());
        assertEquals(4127, Math.round(1000 * memory.bitsPerWeight()));
    }

    @Test
    void anAdapterOfTheBillionShapeSavesOverNineTenthsOfGradientsAndMoments() {
        ShapeMemory memory = ShapeMemory.of(ModelShape.KNOWN.get(2), 16);
        assertEquals(1_100_048_384, memory.parameters());
        assertEquals(4127, Math.round(1000 * memory.bitsPerWeight()));
        assertEquals(12_615_680, memory.trainable());
        assertEquals(4_505_600, memory.attentionTrainable());
        assertEquals(0.01147, memory.trainableShare(), 5e-6);
        assertEquals(0.0041, memory.attentionShare(), 5e-6);
        assertEquals(12 * memory.trainable(), memory.adapter().total());
        assertTrue(memory.saved() > 0.9 && memory.saved8() > 0.9, memory.toString());
    }
}
