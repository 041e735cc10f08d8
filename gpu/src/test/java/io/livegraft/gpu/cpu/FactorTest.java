package io.livegraft.gpu.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.livegraft.gpu.TinyModel;
import io.livegraft.gpu.backend.Arithmetic;
import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.Factor;
import io.livegraft.gpu.backend.LowRankPair;
import io.livegraft.gpu.backend.LowRankRows;
import io.livegraft.gpu.backend.Operand;
import io.livegraft.gpu.backend.Phase;
import io.livegraft.gpu.backend.Product;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.backend.TensorFactor;
import io.livegraft.gpu.engine.StagedAdapter;
import io.livegraft.gpu.lora.LoraAdapter;
import io.livegraft.gpu.lora.LoraConfig;
import io.livegraft.gpu.machinecode.StripForm;
import io.livegraft.gpu.model.ModelConfig;
import io.livegraft.gpu.quality.ModelShape;
import io.livegraft.gpu.tensor.HostMatrix;
import io.livegraft.gpu.tensor.HostTensor;
import io.livegraft.gpu.tensor.Precision;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** An adapter's products have the same bits frozen and in training, in pieces of any size, alone and beside others. */
@ParameterizedClass
@EnumSource(
        value = KernelChoice.class,
        names = {"AUTO", "NARROW"})
class FactorTest {
    private static final int ROWS = 133;
    private static final int IN = 172;
    private static final int OUT = 150;
    private static final int ADAPTERS = 13;

    private final CpuKernels kernels;

    FactorTest(KernelChoice choice) {
        this.kernels = choice.kernels();
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 8, 16, 17, 64})
    void aFrozenAdapterGivesTheBitsOfOneInTraining(int rank) {
        assumeTrue(kernels.products().isPresent(), "the processor multiplies no bfloat16");
        try (Backend backend = new VectorBackend(2, kernels)) {
            float[] trained =
                    applied(backend, trained(backend, rank, IN, 1), trained(backend, OUT, rank, 2), rank, ROWS);
            Factor shrink = backend.factor(matrix(rank, IN, 1), Precision.NF4);
            Factor expand = backend.factor(matrix(OUT, rank, 2), Precision.NF4);
            for (int piece : new int[] {1, 2, 16, 19, 64, ROWS}) {
                assertArrayEquals(trained, applied(backend, shrink, expand, rank, piece), 0f, "pieces of " + piece);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 8, 16, 17, 33, 64})
    void anAdapterTakesNoMoreThanItIsCountedFor(int rank) {
        assumeTrue(kernels.strips().isPresent(), "no strips");
        ModelConfig config = ModelShape.of("15m").config();
        LoraAdapter adapter = LoraAdapter.initial(new LoraConfig(rank, rank, false, LoraConfig.ALL_LINEAR), config, 1);
        List<HostMatrix> matrices = adapter.layout().entries().stream()
                .map(entry -> HostMatrix.of(matrix(entry.rows(), entry.columns(), 1)))
                .toList();
        try (Backend backend = new VectorBackend(2, kernels)) {
            long bytes = backend.factors(matrices, Precision.NF4).finish().all().stream()
                    .map(StripFactor::of)
                    .mapToLong(StripFactor::bytes)
                    .sum();
            long counted = StagedAdapter.mostBytes(adapter);
            assertTrue(bytes <= counted, "%d bytes, counted as %d".formatted(bytes, counted));
            boolean padded = kernels.wideStrips().isPresent() || rank >= StripForm.OUTPUTS;
            assertTrue(2 * bytes > counted || !padded, "%d bytes, counted as %d".formatted(bytes, counted));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 16, 50})
    void piecesOfRowsHaveTheBitsOfAll(int piece) {
        try (Backend one = new VectorBackend(1, kernels);
                Backend three = new VectorBackend(3, kernels)) {
            float[] all = applied(one, trained(one, 16, IN, 1), trained(one, OUT, 16, 2), 16, ROWS);
            assertArrayEquals(
                    all, applied(three, trained(three, 16, IN, 1), trained(three, OUT, 16, 2), 16, piece), 0f);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "3, 1, NF4",
        "16, 1, BF16",
        "16, 2, NF4",
        "16, 5, NF4",
        "17, 1, NF4",
        "37, 7, INT8",
        "31, 16, NF4",
        "3, 17, NF4",
        "64, 30, NF4",
        "64, 30, BF16",
        "5, 3, FP32"
    })
    void aDecodeStepWithManyAdaptersGivesEachTheBitsOfItsOwn(int rank, int together, Precision beside) {
        try (Backend one = new VectorBackend(1, kernels);
                Backend three = new VectorBackend(3, kernels)) {
            List<float[]> alone = new ArrayList<>();
            for (int adapter = 0; adapter < ADAPTERS; adapter++) {
                alone.add(decoded(one, rank, List.of(adapter), 1, beside).getFirst());
            }
            for (Backend backend : List.of(one, three)) {
                List<float[]> all = decoded(
                        backend, rank, IntStream.range(0, ADAPTERS).boxed().toList(), together, beside);
                for (int adapter = 0; adapter < ADAPTERS; adapter++) {
                    float[] first = Arrays.copyOf(all.get(adapter), OUT);
                    assertArrayEquals(alone.get(adapter), first, 0f, "adapter " + adapter);
                }
            }
        }
    }

    /** Of each adapter its rows of y, of which all are alike. */
    private static List<float[]> decoded(
            Backend backend, int rank, List<Integer> adapters, int rows, Precision beside) {
        Tensor x = tensor(backend, IN, 3);
        Tensor y = tensor(backend, OUT, 4);
        Tensor read = backend.allocate(adapters.size() * rows, IN);
        Tensor first = backend.allocate(adapters.size() * rows, OUT);
        Tensor second = backend.allocate(adapters.size() * rows, OUT);
        List<LowRankRows> parts = new ArrayList<>();
        for (int i = 0; i < adapters.size(); i++) {
            for (int row = i * rows; row < (i + 1) * rows; row++) {
                backend.add(backend.rows(read, row, 1), backend.rows(x, adapters.get(i), 1));
                backend.add(backend.rows(second, row, 1), backend.rows(y, adapters.get(i), 1));
            }
            parts.add(new LowRankRows(
                    backend.rows(read, i * rows, rows),
                    i * rows,
                    List.of(Optional.empty(), Optional.of(pair(backend, rank, adapters.get(i), beside)))));
        }
        backend.lowRank(List.of(first, second), parts, Phase.DECODE, Arithmetic.beside(beside));
        float[] values = Values.of(backend, second);
        return IntStream.range(0, adapters.size())
                .mapToObj(i -> Arrays.copyOfRange(values, i * rows * OUT, (i + 1) * rows * OUT))
                .toList();
    }

    private static LowRankPair pair(Backend backend, int rank, int seed, Precision beside) {
        Factor shrink = backend.factor(matrix(rank, IN, 2 * seed), beside);
        Factor expand = backend.factor(matrix(OUT, rank, 2 * seed + 1), beside);
        return new LowRankPair(rank, shrink, expand, 0.5f);
    }

    private static Factor trained(Backend backend, int rows, int columns, int seed) {
        HostTensor w = matrix(rows, columns, seed);
        return new TensorFactor(backend.upload(w.values(), rows, columns), Operand.TRANSPOSED);
    }

    /** {@code y + 0.5 · x · shrink · expand}, a chain for every {@code piece} rows. */
    private static float[] applied(Backend backend, Factor shrink, Factor expand, int rank, int piece) {
        Tensor x = tensor(backend, IN, 3);
        Tensor y = tensor(backend, OUT, 4);
        List<List<Product>> chains = new ArrayList<>();
        for (int row = 0; row < ROWS; row += piece) {
            int count = Math.min(piece, ROWS - row);
            Tensor h = backend.allocateUnset(count, rank);
            chains.add(List.of(
                    Product.into(h, backend.rows(x, row, count), shrink, 1),
                    Product.adding(backend.rows(y, row, count), h, expand, 0.5f)));
        }
        backend.multiply(chains, Arithmetic.BFLOAT16);
        float[] values = new float[ROWS * OUT];
        backend.download(values, y);
        return values;
    }

    private static Tensor tensor(Backend backend, int columns, int seed) {
        HostTensor values = matrix(ROWS, columns, seed);
        return backend.upload(values.values(), ROWS, columns);
    }

    private static HostTensor matrix(int rows, int columns, int seed) {
        return HostTensor.matrix(rows, columns, TinyModel.gaussian(new Random(seed), rows * columns, 1));
    }
}
