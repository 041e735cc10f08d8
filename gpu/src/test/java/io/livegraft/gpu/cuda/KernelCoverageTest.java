package io.livegraft.gpu.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.TinyModel;
import io.livegraft.gpu.backend.Arithmetic;
import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.Factor;
import io.livegraft.gpu.backend.KvCache;
import io.livegraft.gpu.backend.LinearWeight;
import io.livegraft.gpu.backend.Operand;
import io.livegraft.gpu.backend.Phase;
import io.livegraft.gpu.backend.Product;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.backend.TensorFactor;
import io.livegraft.gpu.cpu.TwinCases;
import io.livegraft.gpu.tensor.HostTensor;
import io.livegraft.gpu.tensor.Precision;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Every kernel of the sources is launched by an operation of the backend, but those that are named. */
class KernelCoverageTest {
    /** Head dimensions that have kernels of their own. */
    private static final int[] HEAD_DIMENSIONS = {64, 128, 256};
    /** Rows of a decode step that have kernels of their own. */
    private static final int[] DECODE_ROWS = {8, 16, 32, 64};
    /** Positions of a cache that takes more than one block for each head. */
    private static final int LONG = 600;

    /** Launched by 8-bit moments, which are tested by themselves: no operation of the backend. */
    private static final Set<String> WITHOUT_OPERATION = Set.of("optimizer.adamw_blockwise");

    @Test
    void everyKernelIsLaunched() {
        StandInDriver.load();
        try (CudaBackend backend = StandIn.backend()) {
            Random random = new Random(1);
            TwinCases.all().forEach((name, steps) -> {
                if (!name.startsWith("attention")) {
                    steps.accept(backend, random);
                }
            });
            for (Arithmetic arithmetic : Arithmetic.values()) {
                for (int dimension : HEAD_DIMENSIONS) {
                    attention(backend, random, dimension, arithmetic);
                }
            }
            for (Precision precision : Precision.values()) {
                decode(backend, random, precision);
            }
            adapter(backend, random);
            Set<String> missing = new TreeSet<>(HostCompiler.kernelNames());
            assertTrue(missing.size() > 50, missing::toString);
            Map<String, Long> launches = backend.device().launches();
            System.out.printf("kernels: %d of %d launched%n", launched(launches, missing), missing.size());
            missing.removeAll(WITHOUT_OPERATION);
            missing.removeIf(name -> launches.getOrDefault(name, 0L) > 0);
            assertEquals(Set.of(), missing);
        }
    }

    private static long launched(Map<String, Long> launches, Set<String> kernels) {
        return kernels.stream()
                .filter(name -> launches.getOrDefault(name, 0L) > 0)
                .count();
    }

    private static void attention(Backend backend, Random random, int dimension, Arithmetic arithmetic) {
        TwinCases.attention(backend, random, 2, 1, dimension, Integer.MAX_VALUE, arithmetic);
        KvCache cache = backend.allocateKvCache(1, 1, dimension, LONG, arithmetic);
        Tensor row = tensor(backend, random, 1, dimension);
        int[] positions = {LONG - 1};
        backend.appendKv(
                cache,
                0,
                tensor(backend, random, LONG - 1, dimension),
                tensor(backend, random, LONG - 1, dimension),
                0);
        backend.attention(
                backend.allocate(1, dimension), row, row, row, List.of(cache), 0, positions, Integer.MAX_VALUE);
    }

    /** Beside a few rows: one that serves, one that trains. */
    private static void adapter(Backend backend, Random random) {
        Tensor x = tensor(backend, random, 3, 64);
        HostTensor a = HostTensor.matrix(4, 64, TinyModel.gaussian(random, 4 * 64, 1));
        Factor serving = backend.factor(a, Precision.NF4);
        Factor training = new TensorFactor(tensor(backend, random, 4, 64), Operand.TRANSPOSED);
        for (Factor factor : List.of(serving, training)) {
            Product product = Product.into(backend.allocate(3, 4), x, factor, 1);
            backend.multiply(List.of(List.of(product)), Arithmetic.BFLOAT16);
        }
    }

    private static void decode(Backend backend, Random random, Precision precision) {
        for (int columns : new int[] {131, 192}) {
            HostTensor values = HostTensor.matrix(67, columns, TinyModel.gaussian(random, 67 * columns, 1));
            LinearWeight weight = backend.freeze(values, precision);
            for (int rows : DECODE_ROWS) {
                Tensor x = tensor(backend, random, rows, columns);
                backend.linear(backend.allocate(rows, 67), x, weight, Phase.DECODE);
            }
            backend.embed(backend.allocate(2, columns), weight, new int[] {0, 66});
        }
    }

    private static Tensor tensor(Backend backend, Random random, int rows, int columns) {
        return backend.upload(TinyModel.gaussian(random, rows * columns, 1), rows, columns);
    }
}
