package io.livegraft.gpu.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.livegraft.gpu.tensor.Bf16;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Products of tiles have, to the last bit, the sums that their kernels' formulas give, on AMX and in registers. */
class ProductKernelTest {
    private static final int TILE = 32;

    private final CpuKernels kernels = KernelChoice.AUTO.kernels();

    @BeforeEach
    void needProducts() {
        assumeTrue(kernels.products().isPresent(), "the processor multiplies no bfloat16");
    }

    @ParameterizedTest
    @CsvSource({"1,1,1", "7,16,32", "16,5,33", "16,48,64", "17,31,95", "32,32,32", "33,67,131", "61,80,256"})
    void blocksAlongColumnsHaveTheSumsOfTheFormula(int rows, int columns, int depth) {
        float[] a = values(rows * depth, 1);
        float[] b = values(depth * columns, 2);
        TileBlocks blocks = new TileBlocks(kernels.products().orElseThrow());
        Tiled left = blocks.left(new NativeBuffer(), matrix(a, rows, depth), 1);
        Tiled right = blocks.right(new NativeBuffer(), matrix(b, depth, columns), 1);
        for (boolean add : new boolean[] {false, true}) {
            float[] c = values(rows * columns, 3);
            float[] expected = expected(c, a, b, rows, columns, depth, add);
            blocks.product(matrix(c, rows, columns), left, right, Tiled.steps(depth), add);
            assertArrayEquals(expected, c, 0f, add ? "added" : "set");
        }
    }

    @ParameterizedTest
    @CsvSource({"1,32,32", "31,32,64", "32,32,96", "96,32,160", "101,19,64"})
    void blocksBelowEachOtherHaveTheSumsOfTheFormula(int rows, int columns, int depth) {
        float[] a = values(rows * depth, 4);
        float[] b = values(depth * columns, 5);
        ProductKernels products = kernels.products().orElseThrow();
        TileBlocks blocks = new TileBlocks(products);
        Tiled left = blocks.left(new NativeBuffer(), matrix(a, rows, depth), 1);
        Tiled right = blocks.right(new NativeBuffer(), matrix(b, depth, columns), 1);
        for (boolean add : new boolean[] {false, true}) {
            float[] c = values(rows * columns, 6);
            float[] expected = expected(c, a, b, rows, columns, depth, add);
            new TileStore(products).product(matrix(c, rows, columns), 0, left, right, depth / TILE, add);
            assertArrayEquals(expected, c, 0f, add ? "added" : "set");
        }
    }

    private static Matrix matrix(float[] values, int rows, int columns) {
        return new Matrix(values, 0, columns, 1, rows, columns);
    }

    /** Of many sizes, some too small for bfloat16 to be normal. */
    private static float[] values(int count, long seed) {
        Random random = new Random(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) (random.nextGaussian() * Math.pow(10, random.nextInt(5) - 2));
            values[i] = random.nextInt(50) == 0 ? Float.MIN_NORMAL / 3 : values[i];
        }
        return values;
    }

    private float[] expected(float[] c, float[] a, float[] b, int rows, int columns, int depth, boolean add) {
        float[] sums = c.clone();
        for (int m = 0; m < rows; m++) {
            for (int n = 0; n < columns; n++) {
                float begin = add ? c[m * columns + n] : 0;
                float[] x = new float[Math.ceilDiv(depth, TILE) * TILE];
                float[] w = new float[x.length];
                for (int k = 0; k < depth; k++) {
                    x[k] = operand(a[m * depth + k]);
                    w[k] = operand(b[k * columns + n]);
                }
                sums[m * columns + n] = kernels.tiles().isPresent() ? onTiles(begin, x, w) : inRegisters(begin, x, w);
            }
        }
        return sums;
    }

    /** What a kernel reads: subnormal numbers are zero. */
    private static float operand(float value) {
        float rounded = Bf16.toFloat(Bf16.fromFloat(value));
        return Math.abs(rounded) < Float.MIN_NORMAL ? 0 : rounded;
    }

    private static float onTiles(float sum, float[] x, float[] w) {
        float all = sum;
        for (int tile = 0; tile < x.length; tile += TILE) {
            float even = 0;
            float odd = 0;
            for (int k = tile; k < tile + TILE; k += 2) {
                even = Math.fma(x[k], w[k], even);
                odd = Math.fma(x[k + 1], w[k + 1], odd);
            }
            all += even + odd;
        }
        return all;
    }

    private static float inRegisters(float sum, float[] x, float[] w) {
        float all = sum;
        for (int k = 0; k < x.length; k += 2) {
            all = Math.fma(x[k + 1], w[k + 1], all);
            all = Math.fma(x[k], w[k], all);
        }
        return all;
    }
}
