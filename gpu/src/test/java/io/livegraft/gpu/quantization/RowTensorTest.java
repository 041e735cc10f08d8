package io.livegraft.gpu.quantization;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.livegraft.gpu.tensor.HostTensor;
import org.junit.jupiter.api.Test;

class RowTensorTest {
    @Test
    void theLargestOfARowBecomes127AndTiesGoToTheEvenNeighbour() {
        RowTensor rows = RowTensor.quantize(HostTensor.matrix(2, 3, new float[] {127, 2.5f, -3.5f, 0, -0f, 0}));
        assertArrayEquals(new byte[] {127, 2, -4, 0, 0, 0}, rows.values());
        assertArrayEquals(new float[] {127, 0}, rows.scales());
    }

    /** Their reciprocal is beyond float32. */
    @Test
    void aRowOfDenormalsKeepsItsSignsAndNothingLarger() {
        float[] values = {1e-37f, -1e-37f, 0, 1e-42f};
        RowTensor rows = RowTensor.quantize(HostTensor.matrix(1, 4, values));
        assertArrayEquals(new byte[] {34, -34, 0, 0}, rows.values());
        for (int i = 0; i < values.length; i++) {
            assertEquals(values[i], rows.value(0, i), 1e-37f, "value " + i);
        }
    }
}
