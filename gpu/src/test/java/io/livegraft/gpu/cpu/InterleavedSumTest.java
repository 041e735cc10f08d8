package io.livegraft.gpu.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.livegraft.gpu.TinyModel;
import java.util.Random;
import org.junit.jupiter.api.Test;

class InterleavedSumTest {
    private static final int FROM = 7;

    @Test
    void totalsInRegistersGiveTheBitsOfTheFormula() {
        float[] x = TinyModel.gaussian(new Random(1), 300, 1e3);
        for (int count = 0; count < 290; count++) {
            assertEquals(formula(x, count), InterleavedSum.of(x, FROM, count), 0);
        }
    }

    private static double formula(float[] x, int count) {
        double[] t = new double[8];
        double rest = 0;
        for (int i = 0; i < count; i++) {
            if (i < count / 8 * 8) {
                t[i % 8] += x[FROM + i];
            } else {
                rest += x[FROM + i];
            }
        }
        return ((t[0] + t[4]) + (t[2] + t[6])) + ((t[1] + t[5]) + (t[3] + t[7])) + rest;
    }
}
