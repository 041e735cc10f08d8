package io.livegraft.gpu.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.LowRankPair;
import io.livegraft.gpu.backend.LowRankRows;
import io.livegraft.gpu.backend.Operand;
import io.livegraft.gpu.backend.TensorFactor;
import java.util.ArrayList;
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
    private static final int PIECE = 768;

    /** Bytes from {@code address} on, of one adapter's. */
    private record Piece(long address, long bytes) {}

    private final Backend backend = new VectorBackend(2, KernelChoice.AUTO.kernels());
    private final Adapters adapters = new Adapters(backend, COUNT, IN, OUT);

    @BeforeEach
    void strips() {
        assumeTrue(KernelChoice.AUTO.kernels().strips().isPresent(), "no strips");
    }

    @AfterEach
    void close() {
        adapters.close();
        backend.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4, 7, 13})
    void tasksShareOutAllThatTheAdaptersRead(int tasks) {
        List<LowRankRows> parts = adapters.parts(backend.allocate(COUNT, IN));
        List<Long> fetched = new ArrayList<>();
        for (int task = 0; task < tasks; task++) {
            FactorFetch.Cursor cursor = FactorFetch.of(parts).cursor(task, tasks);
            while (!cursor.done()) {
                fetched.add(cursor.next(PIECE));
            }
        }
        List<Long> expected = new ArrayList<>();
        for (LowRankRows part : parts) {
            Piece piece = piece(part);
            for (long at = 0; at < piece.bytes(); at += PIECE) {
                expected.add(piece.address() + at);
            }
        }
        assertEquals(expected, fetched);
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
        FactorFetch.Cursor cursor = FactorFetch.of(List.of(none)).cursor(0, 1);
        assertEquals(0, cursor.next(PIECE));
        assertTrue(cursor.done());
    }

    @Test
    void nothingIsFetchedOfAdaptersInTraining() {
        TensorFactor a = new TensorFactor(backend.allocate(16, IN), Operand.TRANSPOSED);
        TensorFactor b = new TensorFactor(backend.allocate(OUT, 16), Operand.TRANSPOSED);
        LowRankRows part =
                new LowRankRows(backend.allocate(1, IN), 0, List.of(Optional.of(new LowRankPair(16, a, b, 1))));
        assertTrue(FactorFetch.of(List.of(part)).cursor(0, 1).done());
        assertTrue(FactorFetch.NOTHING.cursor(3, 4).done());
    }
}
