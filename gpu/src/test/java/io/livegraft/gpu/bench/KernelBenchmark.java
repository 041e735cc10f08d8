package io.livegraft.gpu.bench;

import io.livegraft.gpu.TinyModel;
import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.LinearWeight;
import io.livegraft.gpu.backend.Phase;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.cpu.KernelChoice;
import io.livegraft.gpu.cpu.VectorBackend;
import io.livegraft.gpu.tensor.HostTensor;
import io.livegraft.gpu.tensor.Precision;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** The product's kernels, as its engine reaches them: each method multiplies some rows with one weight. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 3, time = 1)
public class KernelBenchmark {
    private static final int PROMPT = 512;

    @Param({"1", "2"})
    public int threads;

    @Param({"NF4", "BF16"})
    public Precision precision = Precision.NF4;

    /** Outputs and inputs of a weight: by default the largest of the 1.1b shape. */
    @Param("5632x2048")
    public String sides = "";

    /** Weights that are gone through in turn: one stays in the caches, many don't. */
    @Param({"1", "24"})
    public int weights;

    private Backend backend = new VectorBackend(1);
    private HostTensor values = HostTensor.matrix(0, 0, new float[0]);
    private List<LinearWeight> set = List.of();
    private Tensor x = backend.allocate(0, 0);
    private Tensor y = backend.allocate(0, 0);
    private int next;

    @Setup(Level.Trial)
    public void freeze() {
        int[] shape = shape(sides);
        backend.close();
        backend = new VectorBackend(threads, KernelChoice.AUTO.kernels());
        values = HostTensor.matrix(shape[0], shape[1], TinyModel.gaussian(new Random(1), shape[0] * shape[1], 0.1));
        set = IntStream.range(0, weights)
                .mapToObj(i -> backend.freeze(values, precision))
                .toList();
        x = backend.upload(TinyModel.gaussian(new Random(2), PROMPT * shape[1], 1), PROMPT, shape[1]);
        y = backend.allocate(PROMPT, shape[0]);
    }

    @TearDown(Level.Trial)
    public void close() {
        backend.close();
    }

    /** The row kernel: one token of one sequence. */
    @Benchmark
    public Tensor oneRow() {
        return product(1, Phase.DECODE);
    }

    /** The tile kernel: one token of each of 16 sequences. */
    @Benchmark
    public Tensor sixteenRows() {
        return product(16, Phase.DECODE);
    }

    /** Mostly decoding panels, where the weight is in 4 bits. */
    @Benchmark
    public Tensor panels() {
        return product(16, Phase.PREFILL);
    }

    /** The matrix product of prompts and training. */
    @Benchmark
    public Tensor prompt() {
        return product(PROMPT, Phase.PREFILL);
    }

    /** Quantizes a weight, and lays it out as kernels read it. */
    @Benchmark
    public LinearWeight freezing() {
        return backend.freeze(values, precision);
    }

    private Tensor product(int rows, Phase phase) {
        next = (next + 1) % weights;
        Tensor out = backend.rows(y, 0, rows);
        backend.linear(out, backend.rows(x, 0, rows), set.get(next), phase);
        return out;
    }

    /** Outputs and inputs. */
    static int[] shape(String sides) {
        return IntStream.of(0, 1)
                .map(i -> Integer.parseInt(sides.split("x", -1)[i]))
                .toArray();
    }

    /** That a method multiplies; 0 where it only reads. */
    static int rows(String method) {
        return switch (method) {
            case "oneRow" -> 1;
            case "sixteenRows", "panels" -> 16;
            case "prompt" -> PROMPT;
            default -> 0;
        };
    }
}
