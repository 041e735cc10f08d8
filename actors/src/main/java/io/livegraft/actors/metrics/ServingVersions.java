package io.livegraft.actors.metrics;

import io.prometheus.metrics.model.registry.Collector;
import io.prometheus.metrics.model.snapshots.InfoSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The version of each adapter that serves. Told within every swap, so a note in a map: labels are made when somebody reads them (the
 * client library's own info metric goes through those of all tenants for each change).
 */
final class ServingVersions implements Collector {
    private final Map<String, Integer> byAdapter = new ConcurrentHashMap<>();

    void serves(String adapter, int version) {
        byAdapter.put(adapter, version);
    }

    void forget(String adapter) {
        byAdapter.remove(adapter);
    }

    @Override
    public String getPrometheusName() {
        return "livegraft_adapter";
    }

    @Override
    public MetricSnapshot collect() {
        InfoSnapshot.Builder info =
                InfoSnapshot.builder().name(getPrometheusName()).help("The version of each adapter that serves.");
        byAdapter.forEach((adapter, version) -> info.dataPoint(InfoSnapshot.InfoDataPointSnapshot.builder()
                .labels(Labels.of("adapter", adapter, "version", Integer.toString(version)))
                .build()));
        return info.build();
    }
}
