package io.livegraft.gateway.admin;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.livegraft.actors.registry.AdapterImage;
import io.livegraft.actors.registry.AdapterVersion;
import io.livegraft.actors.registry.HistoryEntry;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A tenant's adapter as the admin interface shows it.
 *
 * @param servingLabel what answers say, e.g. {@code support:7}
 * @param dryRun present and true where nothing was changed
 * @param hint what to do next, where that is not obvious
 */
record AdapterView(
        String tenant,
        int serving,
        String servingLabel,
        OptionalInt previous,
        OptionalInt candidate,
        boolean held,
        @JsonInclude(JsonInclude.Include.NON_EMPTY) Optional<Boolean> dryRun,
        @JsonInclude(JsonInclude.Include.NON_EMPTY) Optional<String> hint,
        List<AdapterVersion> versions,
        List<HistoryEntry> history) {

    static AdapterView of(AdapterImage image) {
        return of(image, Optional.empty());
    }

    static AdapterView changed(AdapterImage image, boolean dryRun) {
        return of(image, dryRun ? Optional.of(true) : Optional.empty());
    }

    private static AdapterView of(AdapterImage image, Optional<Boolean> dryRun) {
        Optional<String> hint = image.held()
                ? Optional.of("publishing is held: new versions are kept as candidates until"
                        + " POST /admin/v1/adapters/%s:resume (livegraft resume %s)"
                                .formatted(image.tenant(), image.tenant()))
                : Optional.empty();
        return new AdapterView(
                image.tenant(),
                image.serving(),
                image.tenant() + ":" + image.serving(),
                image.previous(),
                image.candidate(),
                image.held(),
                dryRun,
                hint,
                image.versions(),
                image.history());
    }
}
