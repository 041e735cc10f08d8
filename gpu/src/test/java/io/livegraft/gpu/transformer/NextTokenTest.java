package io.livegraft.gpu.transformer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.cpu.VectorBackend;
import org.junit.jupiter.api.Test;

class NextTokenTest {
    private static final float[] LOGITS = {2, 0, 1, 2, -1};

    @Test
    void logprobIsThatOfTheUnmodifiedDistribution() {
        double total = 2 * Math.exp(2) + Math.exp(1) + 1 + Math.exp(-1);
        try (Backend backend = new VectorBackend(1)) {
            double sum = backend.logSumExp(backend.upload(LOGITS, 1, LOGITS.length))[0];
            assertEquals(Math.log(Math.exp(1) / total), new NextToken(LOGITS, sum).logprob(2), 1e-6);
        }
    }
}
