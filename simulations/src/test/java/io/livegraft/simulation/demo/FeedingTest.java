package io.livegraft.simulation.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.livegraft.simulation.feedback.HouseStyles;
import java.util.List;
import org.junit.jupiter.api.Test;

class FeedingTest {
    @Test
    void tenantsTakeTurns() {
        List<String> tenants = Feeding.inTurn(HouseStyles.tenants(2, 7), LogContents.EMPTY).stream()
                .map(Feeding.Item::tenant)
                .toList();
        assertEquals(List.of("harbor", "ledger", "sprout", "harbor", "ledger", "sprout"), tenants);
    }

    @Test
    void whatTheLogHoldsIsNotSentAgain() {
        LogContents.Builder log = new LogContents.Builder();
        log.add("harbor", "demo-harbor-0", 0);
        log.add("sprout", "demo-sprout-1", 4);
        log.add("ledger", "demo-harbor-1", 5); // Another tenant's id is another event.
        List<String> missing = Feeding.inTurn(HouseStyles.tenants(2, 7), log.build()).stream()
                .map(item -> item.event().getEventId())
                .toList();
        assertEquals(List.of("demo-ledger-0", "demo-sprout-0", "demo-harbor-1", "demo-ledger-1"), missing);
    }
}
