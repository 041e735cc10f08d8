package io.livegraft.gpu.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.Arrays;
import java.util.function.IntFunction;

/** Law 3 of a product: a row's bits are the same alone and among any number. Tests of kernels assert it; their mutants break it. */
final class RowLaw {
    /** Of the largest product. */
    static final int ROWS = 133;

    private RowLaw() {}

    /** Both give a product's first rows, by how many; {@code many} is asked for {@link #ROWS}, {@code few} for each of the counts. */
    static void require(String what, IntFunction<float[]> many, IntFunction<float[]> few, int... counts) {
        float[] all = many.apply(ROWS);
        for (int count : counts) {
            float[] some = few.apply(count);
            assertArrayEquals(Arrays.copyOf(all, some.length), some, 0f, what + ", rows " + count);
        }
    }
}
