package io.livegraft.actors.node;

import io.livegraft.actors.registry.AdapterVersion;
import io.livegraft.actors.registry.TenantPage;
import io.livegraft.actors.registry.TenantQuery;
import io.livegraft.actors.registry.TenantRow;
import io.livegraft.actors.scrub.Stores;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.stream.Collectors;

/** What the registry names, as scrubs ask for it. Blocks. */
record KnownVersions(Administration administration) {
    private static final int PAGE = 1_000;

    Stores beside(NodeStores stores) {
        return new Stores(stores.checkpoints(), stores.artifacts(), stores.archive(), this::tenants, this::versions);
    }

    private List<String> tenants() {
        List<String> tenants = new ArrayList<>();
        Optional<String> after = Optional.empty();
        do {
            TenantPage page = get(administration.adapters(new TenantQuery("", after, PAGE)));
            page.rows().stream().map(TenantRow::tenant).forEach(tenants::add);
            after = page.next();
        } while (after.isPresent());
        return tenants;
    }

    private Set<String> versions(String tenant) {
        return get(administration.adapter(tenant)).stream()
                .flatMap(image -> image.versions().stream())
                .map(AdapterVersion::digest)
                .collect(Collectors.toSet());
    }

    private static <T> T get(CompletionStage<T> stage) {
        return stage.toCompletableFuture().join();
    }
}
