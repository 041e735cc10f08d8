package io.livegraft.actors.registry;

import java.util.List;
import java.util.Optional;

/**
 * Some tenants, by name.
 *
 * @param next what the query for the next page names as {@code after}; empty on the last one
 */
public record TenantPage(List<TenantRow> rows, Optional<String> next) {
    public TenantPage {
        rows = List.copyOf(rows);
    }
}
