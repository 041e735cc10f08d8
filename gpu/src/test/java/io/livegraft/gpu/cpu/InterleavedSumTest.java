package io.livegraft.gpu.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.livegraft.gpu.TinyModel;
import java.util.Random;
import org.junit.jupiter.api.Test;

class InterleavedSumTest {
    @Test
    void totalsInARegisterGiveTheBitsOfTotalsOneByOne() {
        float[] x = TinyModel.gaussian(new Random(1), 300, 1e3);
        for (int count = 0; count < 290; count++) {
            assertEquals(InterleavedSum.oneByOne(x, 7, count), InterleavedSum.inRegister(x, 7, count), 0);
        }
    }
}
