package io.livegraft.gpu.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.backend.KvPages;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PagePoolTest {
    /** Nothing but numbers. */
    private record Numbers(int count, int pageTokens, long pageBytes) implements KvPages {}

    private final PagePool pool = new PagePool(new Numbers(3, 64, 1));
    private final List<Integer> evicted = new ArrayList<>();

    @Test
    void pagesAreTakenAndComeBack() {
        assertEquals(List.of(0, 1, 2), List.of(take(), take(), take()));
        assertEquals(0, pool.free());
        assertThrows(IllegalStateException.class, this::take);
        pool.release(1);
        assertEquals(1, take());
        assertTrue(evicted.isEmpty());
    }

    @Test
    void aSharedPageIsFreeOnceItsLastUserIsGone() {
        int page = take();
        pool.share(page);
        pool.release(page);
        assertEquals(2, pool.free());
        pool.release(page);
        assertEquals(3, pool.free());
    }

    @Test
    void keptPagesAreEvictedOnlyWhenNoneIsUnusedAndThenTheOneIdleForLongest() {
        int first = take();
        int second = take();
        pool.keep(first);
        pool.keep(second);
        pool.release(second);
        pool.release(first);
        assertEquals(3, pool.free());
        assertEquals(2, take());
        assertEquals(List.of(), evicted);
        assertEquals(second, take());
        assertEquals(List.of(second), evicted);
        assertTrue(pool.isIdle(first));
        pool.share(first);
        assertEquals(0, pool.free());
        pool.release(first);
        assertEquals(first, take());
        pool.release(first);
        assertEquals(first, take());
        assertEquals(List.of(second, first), evicted);
    }

    @Test
    void tokensFillPages() {
        assertEquals(
                List.of(0, 1, 1, 2), List.of(pool.pagesOf(0), pool.pagesOf(1), pool.pagesOf(64), pool.pagesOf(65)));
    }

    private int take() {
        return pool.take(evicted::add);
    }
}
