package io.livegraft.actors.serving;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/** The tenants that a replica knows at the moment; beyond the bound the one used least recently is forgotten, and asked for again. */
final class TenantTables {
    private final int most;
    /** The one used least recently first. */
    private final Map<String, TenantTable> tables = new LinkedHashMap<>(16, 0.75f, true);

    TenantTables(int most) {
        this.most = most;
    }

    Optional<TenantTable> get(String tenant) {
        return Optional.ofNullable(tables.get(tenant));
    }

    /**
     * Makes room for it where it has to.
     *
     * @param dispensable whether a tenant may be forgotten now
     * @return the tenant that is forgotten for it
     */
    Optional<String> put(TenantTable table, Predicate<TenantTable> dispensable) {
        tables.put(table.image().tenant(), table);
        return tables.size() > most ? forgetOne(table, dispensable) : Optional.empty();
    }

    private Optional<String> forgetOne(TenantTable kept, Predicate<TenantTable> dispensable) {
        Optional<String> forgotten = tables.values().stream()
                .filter(other -> other != kept && dispensable.test(other))
                .map(other -> other.image().tenant())
                .findFirst();
        forgotten.ifPresent(tables::remove);
        return forgotten;
    }

    Collection<TenantTable> all() {
        return tables.values();
    }
}
