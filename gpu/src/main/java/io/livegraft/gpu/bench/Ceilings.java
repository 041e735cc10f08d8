package io.livegraft.gpu.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * What the machine itself can do, measured with as many threads as the engine has, so that figures can be held against it.
 *
 * @param dramReadGigabytesPerSecond sequential reads of a set far larger than the caches, each thread its own part
 * @param fmaGigaflopsPerSecond float32 fused multiply-adds in registers, two operations each
 */
public record Ceilings(Rate dramReadGigabytesPerSecond, Rate fmaGigaflopsPerSecond) {
    private static final VectorSpecies<Long> LONGS = LongVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
    /** Vectors in flight: enough to hide a fused multiply-add's latency on two ports. */
    private static final int CHAINS = 8;
    /** Calls are short, so that they are compiled as a whole and not in the middle of a loop. */
    private static final long CALL_BYTES = 1 << 16;

    private static final int CALL_ROUNDS = 4096;
    private static final int CALLS = 1024;
    /** Cheap, and the greatest counts. */
    private static final int RUNS = 9;

    /** @param setBytes read by all threads together */
    static Ceilings measure(int threads, long setBytes) {
        ExecutorService crew = Executors.newFixedThreadPool(threads);
        try {
            return new Ceilings(dram(crew, threads, setBytes), fma(crew, threads));
        } finally {
            crew.shutdownNow();
        }
    }

    private static Rate dram(ExecutorService crew, int threads, long setBytes) {
        long part = Math.max(1, setBytes / threads / CALL_BYTES) * CALL_BYTES;
        try (Arena arena = Arena.ofShared()) {
            List<MemorySegment> parts = new ArrayList<>();
            for (int thread = 0; thread < threads; thread++) {
                // Written once: pages that never were are all the same one.
                parts.add(arena.allocate(part, LONGS.vectorByteSize()).fill((byte) 1));
            }
            return Rate.measure(RUNS, threads * part / 1e9, () -> together(crew, threads, i -> read(parts.get(i))));
        }
    }

    private static Rate fma(ExecutorService crew, int threads) {
        double operations = 2.0 * FLOATS.length() * CHAINS * CALL_ROUNDS * CALLS * threads;
        return Rate.measure(
                RUNS,
                operations / 1e9,
                () -> together(crew, threads, i -> IntStream.range(0, CALLS)
                        .mapToDouble(call -> multiplyAdd(i))
                        .sum()));
    }

    /** Runs a part on each thread; sums up what they return, so that nothing they compute can be left out. */
    private static void together(ExecutorService crew, int threads, IntToDoubleFunction part) {
        List<Callable<Double>> parts = IntStream.range(0, threads)
                .mapToObj(i -> (Callable<Double>) () -> part.applyAsDouble(i))
                .toList();
        double sum = 0;
        try {
            for (Future<Double> done : crew.invokeAll(parts)) {
                sum += done.get();
            }
        } catch (InterruptedException | ExecutionException broken) {
            throw new IllegalStateException("the machine could not be measured: " + broken, broken);
        }
        if (Double.isNaN(sum)) {
            throw new IllegalStateException("the machine's arithmetic is broken");
        }
    }

    private static double read(MemorySegment part) {
        double sum = 0;
        for (long from = 0; from < part.byteSize(); from += CALL_BYTES) {
            sum += read(part, from);
        }
        return sum;
    }

    private static long read(MemorySegment part, long from) {
        ByteOrder order = ByteOrder.nativeOrder();
        long step = LONGS.vectorByteSize();
        LongVector a = LongVector.zero(LONGS);
        LongVector b = a;
        LongVector c = a;
        LongVector d = a;
        for (long at = from; at < from + CALL_BYTES; at += 4 * step) {
            a = a.add(LongVector.fromMemorySegment(LONGS, part, at, order));
            b = b.add(LongVector.fromMemorySegment(LONGS, part, at + step, order));
            c = c.add(LongVector.fromMemorySegment(LONGS, part, at + 2 * step, order));
            d = d.add(LongVector.fromMemorySegment(LONGS, part, at + 3 * step, order));
        }
        return a.add(b).add(c).add(d).reduceLanes(VectorOperators.ADD);
    }

    private static double multiplyAdd(int seed) {
        FloatVector x = FloatVector.broadcast(FLOATS, 0.5f);
        FloatVector y = FloatVector.broadcast(FLOATS, seed + 1f);
        FloatVector a = y;
        FloatVector b = y;
        FloatVector c = y;
        FloatVector d = y;
        FloatVector e = y;
        FloatVector f = y;
        FloatVector g = y;
        FloatVector h = y;
        for (int round = 0; round < CALL_ROUNDS; round++) {
            a = a.fma(x, y);
            b = b.fma(x, y);
            c = c.fma(x, y);
            d = d.fma(x, y);
            e = e.fma(x, y);
            f = f.fma(x, y);
            g = g.fma(x, y);
            h = h.fma(x, y);
        }
        return a.add(b).add(c).add(d).add(e).add(f).add(g).add(h).reduceLanes(VectorOperators.ADD);
    }
}
