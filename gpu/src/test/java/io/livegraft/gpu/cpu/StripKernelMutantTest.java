package io.livegraft.gpu.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.livegraft.gpu.TinyModel;
import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.Phase;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.tensor.HostTensor;
import io.livegraft.gpu.tensor.Precision;
import java.util.Random;
import java.util.function.IntFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What {@code FastKernelTest} says of the strips' products would be red for products that are just as exact but break law 3. */
@ParameterizedClass
@CsvSource({"AUTO,AUTO", "AUTO,BF16", "WIDE,AUTO", "WIDE,BF16", "NARROW,AUTO"})
class StripKernelMutantTest {
    private static final int OUT = 160;
    private static final int IN = 192;
    /** Columns of the first part of a split sum: whole blocks. */
    private static final int PART = 64;

    private static final int[] COUNTS = {1, 2, 16, 17};

    private final HostTensor weight = HostTensor.matrix(OUT, IN, TinyModel.gaussian(new Random(1), OUT * IN, 0.1));
    private final float[] x = TinyModel.gaussian(new Random(2), RowLaw.ROWS * IN, 1);
    private final CpuKernels kernels;
    private final Backend backend;

    StripKernelMutantTest(KernelChoice choice, DecodeActivations activations) {
        this.kernels = activations.of(choice.kernels());
        this.backend = new VectorBackend(2, kernels);
    }

    @BeforeEach
    void needStrips() {
        assumeTrue(kernels.strips().isPresent(), "no machine code");
    }

    @AfterEach
    void close() {
        backend.close();
    }

    /** Not in bfloat16, where prefill's kernel has decode's bits. */
    @ParameterizedTest
    @EnumSource(names = {"NF4", "INT4"})
    void aKernelChosenByTheNumberOfRowsWouldBeSeen(Precision precision) {
        IntFunction<float[]> law = rows -> product(precision, rows, 0, IN, Phase.DECODE);
        RowLaw.require("no mutant", law, law, COUNTS);
        assumeTrue(kernels.products().isPresent() || kernels.oneDnn().isPresent(), "prefill has decode's kernel");
        assertSeen(law, rows -> product(precision, rows, 0, IN, rows > 16 ? Phase.PREFILL : Phase.DECODE));
    }

    /** As if there were two threads, each with a part of the sum. */
    @ParameterizedTest
    @EnumSource(names = {"NF4", "BF16"})
    void aSumSplitAmongThreadsWouldBeSeen(Precision precision) {
        assertSeen(rows -> product(precision, rows, 0, IN, Phase.DECODE), rows -> {
            float[] sum = product(precision, rows, 0, PART, Phase.DECODE);
            float[] rest = product(precision, rows, PART, IN, Phase.DECODE);
            for (int i = 0; i < sum.length; i++) {
                sum[i] += rest[i];
            }
            return sum;
        });
    }

    private static void assertSeen(IntFunction<float[]> law, IntFunction<float[]> mutant) {
        assertArrayEquals(law.apply(RowLaw.ROWS), mutant.apply(RowLaw.ROWS), 0.08f, "the mutant is as exact");
        assertThrows(AssertionError.class, () -> RowLaw.require("mutant", mutant, law, COUNTS));
    }

    /** The first rows' product with columns {@code from} to {@code to}. */
    private float[] product(Precision precision, int rows, int from, int to, Phase phase) {
        HostTensor columns = HostTensor.matrix(OUT, to - from, columns(weight.values(), OUT, from, to));
        Tensor y = backend.allocate(rows, OUT);
        Tensor some = backend.upload(columns(x, rows, from, to), rows, to - from);
        backend.linear(y, some, backend.freeze(columns, precision), phase);
        float[] values = new float[rows * OUT];
        backend.download(values, y);
        return values;
    }

    private static float[] columns(float[] values, int rows, int from, int to) {
        float[] some = new float[rows * (to - from)];
        for (int n = 0; n < rows; n++) {
            System.arraycopy(values, n * IN + from, some, n * (to - from), to - from);
        }
        return some;
    }
}
