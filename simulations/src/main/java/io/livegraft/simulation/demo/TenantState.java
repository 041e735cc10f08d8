package io.livegraft.simulation.demo;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * What the admin interface says about a tenant's adapter.
 *
 * @param serving 0 is the base alone
 * @param versions retained ones, oldest first
 */
record TenantState(String tenant, int serving, boolean held, List<Version> versions) {
    /**
     * One retained version.
     *
     * @param offset last log offset in it
     * @param baseNll mean over the held-out tokens; absent where nothing was measured
     * @param nll as {@code baseNll}, of the version itself
     */
    record Version(int number, int partition, long offset, OptionalDouble baseNll, OptionalDouble nll) {}

    TenantState {
        versions = List.copyOf(versions);
    }

    static TenantState of(JsonNode adapter) {
        List<Version> versions = new ArrayList<>();
        for (JsonNode version : adapter.path("versions")) {
            JsonNode evaluation = version.path("evaluation");
            versions.add(new Version(
                    version.path("number").asInt(),
                    version.path("partition").asInt(),
                    version.path("offset").asLong(),
                    number(evaluation.path("baseNll")),
                    number(evaluation.path("candidateNll"))));
        }
        return new TenantState(
                adapter.path("tenant").asText(),
                adapter.path("serving").asInt(),
                adapter.path("held").asBoolean(),
                versions);
    }

    Optional<Version> newest() {
        return versions.isEmpty() ? Optional.empty() : Optional.of(versions.getLast());
    }

    /** As answers name it. */
    String label() {
        return tenant + ":" + serving;
    }

    private static OptionalDouble number(JsonNode node) {
        return node.isNumber() ? OptionalDouble.of(node.asDouble()) : OptionalDouble.empty();
    }
}
