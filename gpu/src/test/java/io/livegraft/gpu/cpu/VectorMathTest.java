package io.livegraft.gpu.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class VectorMathTest {
    @Test
    void theExponentialIsWithinTwoUlpOfTheExactOne() {
        float[] x = new float[4001];
        for (int i = 0; i < x.length; i++) {
            x[i] = -80 + i * 0.04f;
        }
        float[] y = new float[x.length];
        VectorMath.expShifted(y, 0, x, 0, x.length, 0);
        for (int i = 0; i < x.length; i++) {
            double exact = Math.exp(x[i]);
            assertEquals(exact, y[i], 2 * Math.ulp((float) exact), "e^" + x[i]);
        }
    }
}
