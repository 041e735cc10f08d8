package io.livegraft.gpu.generation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class StopFilterTest {
    @Test
    void textWithoutAStopStringPassesUnchanged() {
        StopFilter filter = new StopFilter(List.of("STOP"));
        assertEquals("all is well", filter.push("all is well") + filter.flush());
        assertFalse(filter.stopped());
    }

    @Test
    void aStopStringSplitOverManyPiecesIsHeldBackAndNeverShown() {
        StopFilter filter = new StopFilter(List.of("\nUser:"));
        StringBuilder shown = new StringBuilder();
        for (String piece : List.of("Fine.", "\n", "Us", "er", ": more")) {
            shown.append(filter.push(piece));
        }
        assertEquals("Fine.", shown + filter.flush());
        assertTrue(filter.stopped());
    }

    @Test
    void whatOnlyLookedLikeAStopStringComesOutInTheEnd() {
        StopFilter filter = new StopFilter(List.of("\nUser:"));
        assertEquals("a", filter.push("a\nUs"));
        assertEquals("\nUseful", filter.push("eful"));
        assertEquals("\nUs", filter.push("\nUs") + filter.flush());
    }

    @Test
    void theEarliestOfSeveralStopStringsWins() {
        StopFilter filter = new StopFilter(List.of("three", "two"));
        assertEquals("one ", filter.push("one two three"));
        assertEquals("", filter.push("four"));
    }
}
