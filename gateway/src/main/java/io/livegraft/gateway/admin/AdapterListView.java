package io.livegraft.gateway.admin;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.livegraft.actors.registry.TenantPage;
import io.livegraft.actors.registry.TenantRow;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A page of tenants.
 *
 * @param next the {@code ?after=} of the next page; absent on the last
 */
record AdapterListView(
        List<Row> adapters,
        @JsonInclude(JsonInclude.Include.NON_EMPTY) Optional<String> next) {
    /**
     * One tenant.
     *
     * @param digest of the adapter that serves; empty for the base
     * @param versionCount retained ones
     */
    record Row(
            String tenant,
            int serving,
            String servingLabel,
            String digest,
            OptionalInt previous,
            OptionalInt candidate,
            boolean held,
            int versionCount,
            Instant updatedAt) {
        private static Row of(TenantRow row) {
            var standing = row.standing();
            return new Row(
                    row.tenant(),
                    standing.serving(),
                    row.tenant() + ":" + standing.serving(),
                    standing.digest(),
                    standing.previous(),
                    standing.candidate(),
                    standing.held(),
                    standing.versions(),
                    row.updatedAt());
        }
    }

    static AdapterListView of(TenantPage page) {
        return new AdapterListView(page.rows().stream().map(Row::of).toList(), page.next());
    }
}
