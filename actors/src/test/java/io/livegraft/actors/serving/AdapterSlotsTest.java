package io.livegraft.actors.serving;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Adapters are named by their keys on the device too. */
class AdapterSlotsTest {
    private static final long BYTES = 10;

    private final Map<String, Integer> ranks = new HashMap<>();

    @Test
    void theLeastRecentlyUsedGoesFirstAndWhatServesLast() {
        AdapterSlots<String, String> slots = slots(3, 100);
        ranks.put("a", 2);
        List.of("a", "b", "c").forEach(name -> bring(slots, name));
        slots.use(find(slots, "b"));
        slots.unuse(key("b"));
        assertEquals(List.of("c"), down(bring(slots, "d")));
        assertEquals(List.of("b"), down(bring(slots, "e")));
        assertEquals(List.of("d"), down(bring(slots, "f")));
        assertTrue(slots.find(key("a")).isPresent());
    }

    @Test
    void whatAnswersStaysAndWhatDoesNotFitWaitsUntilItHasEnded() {
        AdapterSlots<String, String> slots = slots(10, 2 * BYTES);
        List.of("a", "b").forEach(name -> bring(slots, name));
        slots.use(find(slots, "a"));
        slots.use(find(slots, "b"));
        ranks.put("a", 0); // it serves no more, but its bytes are there
        assertEquals(new AdapterSlots.Move<>(List.of(), List.of()), bring(slots, "c"));
        slots.unuse(key("a"));
        AdapterSlots.Move<String, String> move = slots.move();
        assertEquals(List.of("a"), down(move));
        assertEquals(List.of(key("c")), move.up());
        assertEquals(2 * BYTES, slots.bytes());
    }

    @Test
    void whatIsPinnedStaysWhateverComes() {
        AdapterSlots<String, String> slots = slots(1, 2 * BYTES);
        ranks.put("a", AdapterSlots.PINNED);
        List.of("a", "b", "c", "d").forEach(name -> bring(slots, name));
        assertTrue(slots.find(key("a")).isPresent());
    }

    @Test
    void whatCanNeverFitIsSaidSo() {
        AdapterSlots<String, String> slots = slots(1, BYTES - 1);
        assertFalse(slots.loaded(slots.add(key("a")), BYTES));
        assertEquals(0, slots.bytes());
    }

    @Test
    void bytesAreNeverMoreThanTheirBoundAndComeBackToNothing() {
        AdapterSlots<String, String> slots = slots(4, 6 * BYTES);
        Random random = new Random(11);
        List<String> used = new ArrayList<>();
        for (int i = 0; i < 10_000; i++) {
            String name = "t" + random.nextInt(20);
            if (slots.find(key(name)).isEmpty()) {
                bring(slots, name);
            } else if (find(slots, name).staged().isPresent() && used.size() < 5) {
                slots.use(find(slots, name));
                used.add(name);
            }
            if (!used.isEmpty() && random.nextBoolean()) {
                slots.unuse(key(used.remove(random.nextInt(used.size()))));
                stage(slots, slots.move());
            }
            assertTrue(slots.bytes() <= 6 * BYTES);
            used.forEach(each -> assertTrue(slots.find(key(each)).isPresent(), "one that answers was taken down"));
        }
        IntStream.range(0, 20).forEach(i -> slots.find(key("t" + i)).ifPresent(slots::remove));
        assertEquals(0, slots.bytes());
    }

    @Test
    void whatIsAlwaysInUseMakesRoomForWhatWaits() {
        AdapterSlots<String, String> slots = slots(10, BYTES);
        bring(slots, "hot");
        slots.use(find(slots, "hot"));
        bring(slots, "cold");
        assertFalse(find(slots, "hot").open(), "its next request waits");
        slots.unuse(key("hot"));
        AdapterSlots.Move<String, String> move = slots.move();
        assertEquals(List.of("hot"), down(move));
        assertEquals(List.of(key("cold")), move.up());
    }

    @Test
    void nobodyPassesThoseWhoWaitedForWhatIsThereByNow() {
        AdapterSlots<String, String> slots = slots(10, BYTES);
        bring(slots, "a");
        assertTrue(find(slots, "a").open());
        find(slots, "a").waiting().add("first");
        assertFalse(find(slots, "a").open(), "the next one waits behind it");
        find(slots, "a").waiting().remove();
        assertTrue(find(slots, "a").open());
    }

    @Test
    void whatWasClosedGoesAndComesAgainWhereRoomWasMadeOtherwise() {
        AdapterSlots<String, String> slots = slots(10, 2 * BYTES);
        List.of("a", "b").forEach(name -> bring(slots, name));
        List.of("a", "b").forEach(name -> slots.use(find(slots, name)));
        bring(slots, "c");
        assertFalse(find(slots, "a").open());
        slots.unuse(key("b"));
        assertEquals(List.of("b"), down(slots.move()));
        slots.unuse(key("a"));
        assertEquals(List.of("a"), down(slots.move()), "not there for good, and closed to all");
    }

    private static List<String> down(AdapterSlots.Move<String, String> move) {
        return move.down().stream().map(slot -> slot.key().tenant()).toList();
    }

    private AdapterSlots<String, String> slots(int bound, long mostBytes) {
        return new AdapterSlots<>(bound, mostBytes, key -> ranks.getOrDefault(key.tenant(), 0));
    }

    private static AdapterSlots.Move<String, String> bring(AdapterSlots<String, String> slots, String name) {
        assertTrue(slots.loaded(slots.add(key(name)), BYTES));
        AdapterSlots.Move<String, String> move = slots.move();
        stage(slots, move);
        return move;
    }

    private static void stage(AdapterSlots<String, String> slots, AdapterSlots.Move<String, String> move) {
        move.up().forEach(key -> slots.staged(slots.find(key).orElseThrow(), key.tenant()));
    }

    private static AdapterSlots.Slot<String, String> find(AdapterSlots<String, String> slots, String name) {
        return slots.find(key(name)).orElseThrow();
    }

    private static AdapterSlots.Key key(String tenant) {
        return new AdapterSlots.Key(tenant, "digest");
    }
}
