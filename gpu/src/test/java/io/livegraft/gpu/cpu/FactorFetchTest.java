package io.livegraft.gpu.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.LowRankPair;
import io.livegraft.gpu.backend.LowRankRows;
import io.livegraft.gpu.backend.Operand;
import io.livegraft.gpu.backend.TensorFactor;
import io.livegraft.gpu.machinecode.ByteRowKernel;
import io.livegraft.gpu.machinecode.Fetched;
import io.livegraft.gpu.machinecode.StripForm;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is fetched beside a decode step's products is what the adapters after them read. */
class FactorFetchTest {
    private static final int COUNT = 7;
    private static final int IN = 172;
    private static final int OUT = 150;
    private static final long BLOCKS = 3;
    private static final int CALLS = 20;
    private static final long AHEAD = 576;

    /** Bytes from {@code address} on, of one adapter's. */
    private record Piece(long address, long bytes) {}

    private final Backend backend = new VectorBackend(2, KernelChoice.AUTO.kernels());
    private final Adapters adapters = new Adapters(backend, COUNT, IN, OUT);

    @BeforeEach
    void strips() {
        assumeTrue(
                KernelChoice.AUTO
                        .kernels()
                        .strips()
                        .flatMap(StripKernels::bytes)
                        .isPresent(),
                "no products of bytes");
    }

    @AfterEach
    void close() {
        adapters.close();
        backend.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4, 7, 13})
    void tasksShareOutAllThatTheAdaptersReadOverTheirBlocks(int tasks) {
        List<LowRankRows> parts = adapters.parts(backend.allocate(COUNT, IN));
        List<Piece> fetched = new ArrayList<>();
        for (int task = 0; task < tasks; task++) {
            FactorFetch.Cursor cursor = FactorFetch.of(parts).cursor(task, tasks, CALLS * BLOCKS);
            int calls = 0;
            for (; !cursor.done(); calls++) {
                Fetched next = cursor.next(rows(), BLOCKS, AHEAD);
                assertEquals(AHEAD, next.ahead());
                fetched.add(new Piece(next.other(), BLOCKS * next.lines() * Fetched.LINE));
            }
            assertTrue(calls <= CALLS + COUNT, "%d calls".formatted(calls));
        }
        assertEquals(parts.stream().map(FactorFetchTest::piece).toList(), joined(fetched));
    }

    /** What follows each other; the last call for an adapter may fetch less than a line a block beyond its end. */
    private List<Piece> joined(List<Piece> fetched) {
        List<Piece> joined = new ArrayList<>();
        Iterator<Piece> rest = fetched.iterator();
        for (LowRankRows part : adapters.parts(backend.allocate(COUNT, IN))) {
            Piece whole = piece(part);
            long begin = -1;
            long end = whole.address();
            while (end < whole.address() + whole.bytes()) {
                Piece next = rest.next();
                begin = begin < 0 ? next.address() : begin;
                assertEquals(end, next.address());
                end += next.bytes();
            }
            assertTrue(end - whole.address() - whole.bytes() < BLOCKS * Fetched.LINE);
            joined.add(new Piece(begin, whole.bytes()));
        }
        assertFalse(rest.hasNext());
        return joined;
    }

    private static DecodeRows rows() {
        ByteKernels kernels = KernelChoice.AUTO
                .kernels()
                .strips()
                .flatMap(StripKernels::bytes)
                .orElseThrow();
        return new ByteRows(kernels, MemorySegment.NULL, ByteRowKernel.MOST_ROWS, StripForm.NIBBLES_64);
    }

    /** All matrices of an adapter, one behind the other. */
    private static Piece piece(LowRankRows part) {
        List<StripWeight> weights = part.pairs().stream()
                .flatMap(Optional::stream)
                .flatMap(pair -> List.of(pair.shrink(), pair.expand()).stream())
                .map(factor -> StripFactor.of(factor).decode())
                .toList();
        long begin = weights.getFirst().strips().address();
        return new Piece(begin, weights.stream().mapToLong(StripWeight::bytes).sum());
    }

    @Test
    void anAdapterWithoutPairsIsPassedOver() {
        LowRankRows none = new LowRankRows(backend.allocate(1, IN), 0, List.of(Optional.empty(), Optional.empty()));
        FactorFetch.Cursor cursor = FactorFetch.of(List.of(none)).cursor(0, 1, BLOCKS);
        assertTrue(cursor.done());
        assertTrue(cursor.next(rows(), BLOCKS, 0).isNothing());
    }

    @Test
    void nothingIsFetchedOfAdaptersInTraining() {
        TensorFactor a = new TensorFactor(backend.allocate(16, IN), Operand.TRANSPOSED);
        TensorFactor b = new TensorFactor(backend.allocate(OUT, 16), Operand.TRANSPOSED);
        LowRankRows part =
                new LowRankRows(backend.allocate(1, IN), 0, List.of(Optional.of(new LowRankPair(16, a, b, 1))));
        assertTrue(FactorFetch.of(List.of(part)).cursor(0, 1, BLOCKS).done());
        assertTrue(FactorFetch.NOTHING.cursor(3, 4, BLOCKS).done());
    }
}
