package io.livegraft.gpu.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.TinyModel;
import io.livegraft.gpu.backend.Factor;
import io.livegraft.gpu.backend.LowRankGradient;
import io.livegraft.gpu.backend.Operand;
import io.livegraft.gpu.backend.Product;
import io.livegraft.gpu.backend.TensorFactor;
import io.livegraft.gpu.tensor.Bf16;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Adapters on the device, forward and backward, against sums in double precision; law 3 to the bit. */
class CudaLowRankTest {
    private static final int IN = 331;
    private static final int OUT = 149;
    private static final float SCALING = 2;
    /** h and dh are rounded to bfloat16 before they are multiplied again. */
    private static final double TWICE_ROUNDED = 0x1p-7;

    private CudaDevice device;
    private CudaRounding rounding;
    private CudaProducts products;
    private CudaChains chains;

    @BeforeEach
    void open() {
        device = StandIn.device();
        rounding = new CudaRounding(device);
        products = new CudaProducts(device, rounding);
        chains = new CudaChains(device, products);
    }

    @AfterEach
    void close() {
        if (device != null) {
            device.close();
        }
    }

    private record Adapter(int rank, float[] a, float[] b) {
        static Adapter of(int rank) {
            return new Adapter(
                    rank,
                    TinyModel.gaussian(new Random(rank), rank * IN, 0.1),
                    TinyModel.gaussian(new Random(rank + 1), OUT * rank, 1));
        }
    }

    @Test
    void adaptersOfManyRanksAddToTheirRowsInOneLaunchALevel() {
        int[] ranks = {3, 16, 17, 64};
        int[] counts = {1, 7, 67, 2};
        float[] x = TinyModel.gaussian(new Random(1), 77 * IN, 1);
        float[] before = TinyModel.gaussian(new Random(2), 77 * OUT, 1);
        float[] together = forward(x, before, ranks, counts, false);
        assertEquals(2L, device.launches().get("rows.rows_adapter_64"));
        int row = 0;
        for (int i = 0; i < ranks.length; i++) {
            float[] own = Arrays.copyOfRange(x, row * IN, (row + counts[i]) * IN);
            float[] ownBefore = Arrays.copyOfRange(before, row * OUT, (row + counts[i]) * OUT);
            float[] alone = forward(own, ownBefore, new int[] {ranks[i]}, new int[] {counts[i]}, false);
            float[] part = Arrays.copyOfRange(together, row * OUT, (row + counts[i]) * OUT);
            assertArrayEquals(alone, part, 0f);
            assertNear(expected(own, ownBefore, Adapter.of(ranks[i])), part, TWICE_ROUNDED);
            row += counts[i];
        }
    }

    @Test
    void anAdapterInTrainingGivesTheBitsOfTheSameOneInServing() {
        float[] x = TinyModel.gaussian(new Random(1), 11 * IN, 1);
        float[] before = TinyModel.gaussian(new Random(2), 11 * OUT, 1);
        int[] rank = {16};
        assertArrayEquals(
                forward(x, before, rank, new int[] {11}, false), forward(x, before, rank, new int[] {11}, true), 0f);
    }

    /** Rows of one chain per adapter. */
    private float[] forward(float[] x, float[] before, int[] ranks, int[] counts, boolean trained) {
        CudaTensor input = tensor(x, x.length / IN, IN);
        CudaTensor y = tensor(before, x.length / IN, OUT);
        List<List<Product>> products = new ArrayList<>();
        int row = 0;
        for (int i = 0; i < ranks.length; i++) {
            Adapter adapter = Adapter.of(ranks[i]);
            CudaTensor h = device.workspaces().own(counts[i], ranks[i], DeviceMemory.Use.TENSORS);
            Factor shrink = factor(tensor(adapter.a(), ranks[i], IN), trained);
            Factor expand = factor(tensor(adapter.b(), OUT, ranks[i]), trained);
            products.add(List.of(
                    Product.into(h, input.rowBlock(row, counts[i]), shrink, 1),
                    Product.adding(y.rowBlock(row, counts[i]), h, expand, SCALING)));
            row += counts[i];
        }
        chains.run(products);
        return values(y);
    }

    @Test
    void aFactorThatItsChainMakesIsWaitedFor() {
        for (int rows : new int[] {1, 13, 61}) {
            CudaTensor x = tensor(TinyModel.gaussian(new Random(1), rows * IN, 1), rows, IN);
            CudaTensor h = device.workspaces().own(rows, 5, DeviceMemory.Use.TENSORS);
            CudaTensor sum = tensor(new float[5 * IN], IN, 5);
            float[] a = TinyModel.gaussian(new Random(2), 5 * IN, 1);
            chains.run(List.of(List.of(
                    Product.into(h, x, factor(tensor(a, 5, IN), true), 1),
                    Product.addingTransposed(sum, x, new TensorFactor(h, Operand.PLAIN), 1))));
            float[] narrow = values(h);
            float[] wide = values(x);
            double[] expected = new double[5 * IN];
            for (int i = 0; i < expected.length; i++) {
                for (int n = 0; n < rows; n++) {
                    expected[i] += (double) rounded(wide[n * IN + i / 5]) * rounded(narrow[n * 5 + i % 5]);
                }
            }
            assertNear(expected, values(sum), 2e-6);
        }
    }

    private Factor factor(CudaTensor w, boolean trained) {
        if (trained) {
            return new TensorFactor(w, Operand.TRANSPOSED);
        }
        Bf16Matrix matrix = rounding.own(w.rows(), w.columns());
        rounding.round(matrix, w);
        return new CudaFactor(matrix);
    }

    private static double[] expected(float[] x, float[] before, Adapter adapter) {
        double[] y = new double[before.length];
        for (int n = 0; n < x.length / IN; n++) {
            double[] h = new double[adapter.rank()];
            for (int r = 0; r < h.length; r++) {
                for (int i = 0; i < IN; i++) {
                    h[r] += (double) rounded(x[n * IN + i]) * rounded(adapter.a()[r * IN + i]);
                }
            }
            for (int o = 0; o < OUT; o++) {
                y[n * OUT + o] = before[n * OUT + o];
                for (int r = 0; r < h.length; r++) {
                    y[n * OUT + o] += SCALING * h[r] * rounded(adapter.b()[o * h.length + r]);
                }
            }
        }
        return y;
    }

    @Test
    void theWayBackAddsToInputsAndGradientsPartAfterPart() {
        int[] counts = {5, 259, 64};
        Way together = backward(counts, 0, counts.length);
        Way reference = expectedBackward(counts);
        assertNear(reference.dx(), together.dx(), TWICE_ROUNDED);
        assertNear(reference.da(), together.da(), TWICE_ROUNDED);
        assertNear(reference.db(), together.db(), TWICE_ROUNDED);
        Way alone = backward(counts, 1, 2);
        int from = counts[0] * IN;
        int to = from + counts[1] * IN;
        assertArrayEquals(Arrays.copyOfRange(alone.dx(), from, to), Arrays.copyOfRange(together.dx(), from, to), 0f);
    }

    private record Way(float[] dx, float[] da, float[] db) {}

    /** One adapter of rank 19; parts are stretches of rows, and the second stretch comes twice. */
    private Way backward(int[] counts, int from, int to) {
        Adapter adapter = Adapter.of(19);
        int rows = Arrays.stream(counts).sum();
        CudaTensor x = tensor(TinyModel.gaussian(new Random(3), rows * IN, 1), rows, IN);
        CudaTensor dy = tensor(TinyModel.gaussian(new Random(4), rows * OUT, 1), rows, OUT);
        CudaTensor dx = tensor(new float[rows * IN], rows, IN);
        CudaTensor a = tensor(adapter.a(), 19, IN);
        CudaTensor b = tensor(adapter.b(), OUT, 19);
        CudaTensor da = tensor(new float[19 * IN], 19, IN);
        CudaTensor db = tensor(new float[OUT * 19], OUT, 19);
        List<LowRankGradient> parts = new ArrayList<>();
        for (int i = from; i < to; i++) {
            int row = Arrays.stream(counts, 0, i).sum();
            LowRankGradient part = new LowRankGradient(
                    dx.rowBlock(row, counts[i]),
                    dy.rowBlock(row, counts[i]),
                    x.rowBlock(row, counts[i]),
                    a,
                    b,
                    da,
                    db,
                    SCALING);
            parts.add(part);
            if (i == 1) {
                parts.add(part);
            }
        }
        new CudaLowRank(device, rounding, chains, products).backward(parts);
        return new Way(values(dx), values(da), values(db));
    }

    private static Way expectedBackward(int[] counts) {
        Adapter adapter = Adapter.of(19);
        int rows = Arrays.stream(counts).sum();
        float[] x = TinyModel.gaussian(new Random(3), rows * IN, 1);
        float[] dy = TinyModel.gaussian(new Random(4), rows * OUT, 1);
        double[] dx = new double[rows * IN];
        double[] da = new double[19 * IN];
        double[] db = new double[OUT * 19];
        for (int n = 0; n < rows; n++) {
            int times = n >= counts[0] && n < counts[0] + counts[1] ? 2 : 1;
            for (int r = 0; r < 19; r++) {
                double h = 0;
                double dh = 0;
                for (int i = 0; i < IN; i++) {
                    h += (double) x[n * IN + i] * adapter.a()[r * IN + i];
                }
                for (int o = 0; o < OUT; o++) {
                    dh += (double) SCALING * dy[n * OUT + o] * adapter.b()[o * 19 + r];
                }
                for (int i = 0; i < IN; i++) {
                    dx[n * IN + i] += times * dh * adapter.a()[r * IN + i];
                    da[r * IN + i] += times * dh * x[n * IN + i];
                }
                for (int o = 0; o < OUT; o++) {
                    db[o * 19 + r] += times * SCALING * dy[n * OUT + o] * h;
                }
            }
        }
        return new Way(floats(dx), floats(da), floats(db));
    }

    private static float[] floats(double[] values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) values[i];
        }
        return floats;
    }

    private static float rounded(float value) {
        return Bf16.toFloat(Bf16.fromFloat(value));
    }

    private CudaTensor tensor(float[] values, int rows, int columns) {
        CudaTensor tensor = device.workspaces().own(rows, columns, DeviceMemory.Use.TENSORS);
        device.upload(tensor.address(), MemorySegment.ofArray(values));
        return tensor;
    }

    private float[] values(CudaTensor tensor) {
        float[] values = new float[tensor.rows() * tensor.columns()];
        device.download(MemorySegment.ofArray(values), tensor.address());
        return values;
    }

    private static void assertNear(float[] expected, float[] actual, double tolerance) {
        double[] wide = new double[expected.length];
        for (int i = 0; i < wide.length; i++) {
            wide[i] = expected[i];
        }
        assertNear(wide, actual, tolerance);
    }

    private static void assertNear(double[] expected, float[] actual, double tolerance) {
        double largest = Arrays.stream(expected).map(Math::abs).max().orElse(0);
        for (int i = 0; i < expected.length; i++) {
            double difference = Math.abs(expected[i] - actual[i]);
            assertTrue(difference <= tolerance * largest, i + ": " + expected[i] + " and " + actual[i]);
        }
    }
}
