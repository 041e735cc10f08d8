package io.livegraft.gpu.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.tensor.HostMatrix;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class FactorsWorkTest {
    private static final int ROWS = 1 << 10;
    private static final int COLUMNS = 1 << 5;
    private static final int MATRICES = 9;

    /** Matrix {@code first} of those that were given. */
    private record Frozen(int first) implements Factor {}

    private final List<Integer> frozen = new ArrayList<>();

    @Test
    void eachMatrixIsFrozenOnceInOrderAFewInASlice() {
        FactorsWork work = FactorsWork.unowned(matrices(), this::freeze);
        assertTrue(frozen.isEmpty());
        assertFalse(work.advance());
        assertEquals(List.of(0, 1, 2, 3), frozen);
        assertThrows(IllegalStateException.class, work::result);
        assertFalse(work.advance());
        assertTrue(work.advance());
        List<Integer> all = IntStream.range(0, MATRICES).boxed().toList();
        assertEquals(all, frozen);
        assertEquals(
                all.stream().map(Frozen::new).toList(),
                List.<Factor>copyOf(work.result().all()));
        assertSame(work.result(), work.result(), "its memory is given back once");
    }

    @Test
    void whatIsMadeOfItComesWithTheLastSlice() {
        SlicedWork<Integer> count = FactorsWork.unowned(matrices(), this::freeze)
                .map(factors -> factors.all().size());
        assertFalse(count.advance());
        assertFalse(count.advance());
        assertTrue(count.advance());
        assertEquals(MATRICES, count.result());
        assertEquals(MATRICES, count.result());
        assertEquals(MATRICES, frozen.size(), "it is made once");
    }

    @Test
    void whatComesThenBeginsWithTheSliceAfterIt() {
        SlicedWork<Factors> twice =
                FactorsWork.unowned(matrices(), this::freeze).then(_ -> FactorsWork.unowned(matrices(), this::freeze));
        for (int i = 0; i < 3; i++) {
            assertFalse(twice.advance());
        }
        assertEquals(MATRICES, frozen.size());
        assertThrows(IllegalStateException.class, twice::result);
        assertEquals(MATRICES, twice.finish().all().size());
        assertEquals(2 * MATRICES, frozen.size());
    }

    private Factor freeze(HostMatrix w) {
        int first = (int) w.values()[w.row(0)];
        frozen.add(first);
        return new Frozen(first);
    }

    /** A quarter of a slice each, in one array. */
    private static List<HostMatrix> matrices() {
        float[] values = new float[MATRICES * ROWS * COLUMNS];
        List<HostMatrix> matrices = new ArrayList<>();
        for (int i = 0; i < MATRICES; i++) {
            HostMatrix w = new HostMatrix(values, i * ROWS * COLUMNS, ROWS, COLUMNS);
            values[w.offset()] = i;
            matrices.add(w);
        }
        return matrices;
    }
}
