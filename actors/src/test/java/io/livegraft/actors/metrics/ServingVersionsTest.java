package io.livegraft.actors.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.prometheus.metrics.model.snapshots.InfoSnapshot;
import java.util.List;
import org.junit.jupiter.api.Test;

class ServingVersionsTest {
    private final Metrics metrics = new Metrics();

    @Test
    void eachTenantHasTheOneVersionThatServesUntilItIsForgotten() {
        metrics.swapped("anna", 1, 0.1);
        metrics.swapped("anna", 2, 0.1);
        metrics.swapped("ben", 7, 0.1);
        assertEquals(List.of("anna:2", "ben:7"), told());
        metrics.forgotten("anna");
        assertEquals(List.of("ben:7"), told());
    }

    private List<String> told() {
        return metrics.registry().scrape().stream()
                .filter(family -> family.getMetadata().getName().equals("livegraft_adapter"))
                .map(InfoSnapshot.class::cast)
                .flatMap(info -> info.getDataPoints().stream())
                .map(point -> point.getLabels().get("adapter") + ":"
                        + point.getLabels().get("version"))
                .sorted()
                .toList();
    }
}
