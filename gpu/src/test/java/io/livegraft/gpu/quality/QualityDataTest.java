package io.livegraft.gpu.quality;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class QualityDataTest {
    private static final List<Sample> SAMPLES = IntStream.range(0, 40)
            .mapToObj(i -> new Sample("question " + i, " answer " + i % 3))
            .toList();

    @Test
    void heldOutRowsAreNeverTrainedOnAndTheSplitIsAlwaysTheSame() {
        QualityData data = QualityData.split(SAMPLES, 25, 10, 8);
        assertEquals(25, data.training().size());
        assertEquals(10, data.heldOut().size());
        assertTrue(Collections.disjoint(data.training(), data.heldOut()));
        assertEquals(data, QualityData.split(SAMPLES, 25, 10, 8));
        assertEquals(data.heldOut(), QualityData.split(SAMPLES, 5, 10, 8).heldOut());
    }

    @Test
    void completionsAreLabelsWhenTheyAreFew() {
        assertEquals(
                List.of(" answer 0", " answer 1", " answer 2"),
                QualityData.split(SAMPLES, 25, 10, 3).labels());
        assertEquals(List.of(), QualityData.split(SAMPLES, 25, 10, 2).labels());
    }

    @Test
    void tooFewRowsAreRefusedWithBothNumbers() {
        IllegalArgumentException refusal =
                assertThrows(IllegalArgumentException.class, () -> QualityData.split(SAMPLES, 25, 40, 8));
        assertEquals(
                "the data has 40 rows, but 40 are to be held out and at least one trained on", refusal.getMessage());
    }
}
