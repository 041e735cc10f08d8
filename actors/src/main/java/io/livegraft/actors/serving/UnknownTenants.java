package io.livegraft.actors.serving;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Requests for tenants that the registry is being asked for, each tenant once. */
final class UnknownTenants<R> {
    private final Map<String, List<R>> waiting = new HashMap<>();

    /** Whether this is the tenant's first request: then the registry must be asked. */
    boolean add(String tenant, R request) {
        boolean first = !waiting.containsKey(tenant);
        waiting.computeIfAbsent(tenant, name -> new ArrayList<>()).add(request);
        return first;
    }

    /** Whether it was waiting; the registry's answer is not for it any more. */
    boolean remove(R request) {
        return waiting.values().stream().anyMatch(requests -> requests.remove(request));
    }

    /** The requests that the registry's answer is for, in their order. */
    List<R> answered(String tenant) {
        return Optional.ofNullable(waiting.remove(tenant)).orElseGet(List::of);
    }
}
