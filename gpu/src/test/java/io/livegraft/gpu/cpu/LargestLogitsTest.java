package io.livegraft.gpu.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.LargestLogits;
import io.livegraft.gpu.backend.Tensor;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class LargestLogitsTest {
    private static final int ROWS = 5;
    private static final int COLUMNS = 1_031;

    @ParameterizedTest
    @EnumSource(KernelChoice.class)
    void ofEqualLogitsTheFirstIsTheLargest(KernelChoice choice) {
        Random random = new Random(7);
        float[] logits = new float[ROWS * COLUMNS];
        for (int i = 0; i < logits.length; i++) {
            logits[i] = random.nextInt(-40, 40) / 4f;
        }
        Arrays.fill(logits, 0, COLUMNS, -0f);
        logits[COLUMNS - 1] = 0f;
        try (Backend backend = new VectorBackend(2, choice.kernels())) {
            Tensor rows = backend.upload(logits, ROWS, COLUMNS);
            LargestLogits found = backend.largest(rows);
            for (int n = 0; n < ROWS; n++) {
                int expected = LargestLogits.idOf(Arrays.copyOfRange(logits, n * COLUMNS, (n + 1) * COLUMNS));
                assertEquals(expected, found.ids()[n]);
                assertEquals(logits[n * COLUMNS + expected], found.values()[n]);
            }
        }
    }
}
