package io.livegraft.simulation.crash;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Every version that the registry accepted, as nodes showed it, gathered over a run. Each tenant's must be one chain: numbers
 * without a gap, each grown from the one before it, by owners whose epochs never go down.
 */
final class AcceptedVersions {
    /** One version; {@code epoch} is that of the assignment of its partition to whoever made it. */
    record Version(int number, String digest, String parent, int partition, long epoch) {
        private static Version of(JsonNode json) {
            return new Version(
                    json.path("number").asInt(),
                    json.path("digest").asText(),
                    json.path("parentDigest").asText(),
                    json.path("partition").asInt(),
                    json.path("lineage").path("epoch").asLong());
        }
    }

    private final NavigableMap<String, NavigableMap<Integer, Version>> tenants = new TreeMap<>();
    private final List<String> changed = new ArrayList<>();

    /** {@code versions} as a node shows them. */
    void take(String tenant, JsonNode versions) {
        NavigableMap<Integer, Version> known = tenants.computeIfAbsent(tenant, name -> new TreeMap<>());
        for (JsonNode json : versions) {
            Version version = Version.of(json);
            Version before = known.put(version.number(), version);
            if (before != null && !before.equals(version)) {
                changed.add("%s: version %d was %s and is %s".formatted(tenant, version.number(), before, version));
            }
        }
    }

    Optional<Version> newest(String tenant) {
        return Optional.ofNullable(tenants.get(tenant))
                .filter(versions -> !versions.isEmpty())
                .map(versions -> versions.lastEntry().getValue());
    }

    int size() {
        return tenants.values().stream().mapToInt(NavigableMap::size).sum();
    }

    /** How often a version was made by another assignment than the one before it. */
    int handovers() {
        return (int) tenants.values().stream()
                .flatMap(versions -> follow(List.copyOf(versions.values())).stream())
                .filter(link -> link.next().epoch() > link.before().epoch())
                .count();
    }

    /** Versions that a node published which no longer had the partition. */
    int stale() {
        return (int) tenants.values().stream()
                .flatMap(versions -> follow(List.copyOf(versions.values())).stream())
                .filter(link -> link.next().epoch() < link.before().epoch())
                .count();
    }

    List<String> problems() {
        List<String> problems = new ArrayList<>(changed);
        tenants.forEach((tenant, versions) -> {
            if (!versions.isEmpty() && versions.firstKey() != 1) {
                problems.add("%s: version 1 was never seen".formatted(tenant));
            }
            follow(List.copyOf(versions.values())).stream()
                    .filter(link -> !link.sound())
                    .forEach(link ->
                            problems.add("%s: %s does not follow %s".formatted(tenant, link.next(), link.before())));
        });
        return problems;
    }

    private record Link(Version before, Version next) {
        private boolean sound() {
            return next.number() == before.number() + 1
                    && next.parent().equals(before.digest())
                    && next.partition() == before.partition()
                    && next.epoch() >= before.epoch();
        }
    }

    private static List<Link> follow(List<Version> versions) {
        List<Link> links = new ArrayList<>();
        for (int i = 1; i < versions.size(); i++) {
            links.add(new Link(versions.get(i - 1), versions.get(i)));
        }
        return links;
    }
}
