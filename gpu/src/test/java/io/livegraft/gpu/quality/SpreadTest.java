package io.livegraft.gpu.quality;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

class SpreadTest {
    @Test
    void deviationIsTheSamplesAndZeroForOneValue() {
        Spread spread = Spread.of(List.of(1.0, 2.0, 6.0));
        assertEquals(3, spread.mean());
        assertEquals(Math.sqrt(7), spread.deviation(), 1e-15);
        assertEquals(0, Spread.of(List.of(4.0)).deviation());
        assertThrows(IllegalArgumentException.class, () -> Spread.of(List.of()));
    }
}
