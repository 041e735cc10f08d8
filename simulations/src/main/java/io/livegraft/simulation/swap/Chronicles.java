package io.livegraft.simulation.swap;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;

/** One {@link Chronicle} of each tenant of a run. */
final class Chronicles {
    private final SortedMap<String, Chronicle> byTenant = new TreeMap<>();

    Chronicles(int tenants) {
        IntStream.range(0, tenants).forEach(index -> byTenant.put(SwapSettings.tenant(index), new Chronicle()));
    }

    Chronicle of(String tenant) {
        return Optional.ofNullable(byTenant.get(tenant)).orElseThrow();
    }

    List<Chronicle> all() {
        return List.copyOf(byTenant.values());
    }

    /** Looks at every tenant once. */
    void look(NodeApi node) {
        byTenant.forEach((tenant, chronicle) -> {
            JsonNode adapter = node.adapter(tenant);
            if (!adapter.isMissingNode()) {
                chronicle.take(adapter);
            }
        });
    }

    /** Of all tenants together, from a moment on. */
    SortedMap<String, Integer> swaps(Instant since) {
        SortedMap<String, Integer> sum = new TreeMap<>();
        for (Chronicle chronicle : byTenant.values()) {
            Map<String, Integer> own = chronicle.swaps(since);
            own.forEach((action, count) -> sum.merge(action, count, Integer::sum));
        }
        return sum;
    }
}
