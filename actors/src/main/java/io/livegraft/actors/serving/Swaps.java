package io.livegraft.actors.serving;

import io.livegraft.actors.metrics.Metrics;
import io.livegraft.actors.registry.AdapterImage;
import io.livegraft.actors.registry.AdapterVersion;
import io.livegraft.actors.registry.ManifestRefusal;
import io.livegraft.actors.signing.TrustedKeys;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the registry decided about the tenants known here, and what serves of it: a decision becomes a swap once its version is
 * verified and staged, and until then the version before it serves.
 */
final class Swaps {
    private static final Logger LOG = LoggerFactory.getLogger(Swaps.class);

    /** The rank of what serves. */
    static final int SERVES = 2;

    private final TenantTables tenants;
    private final Set<String> pinned;
    private final int eventTimes;
    private final TrustedKeys keys;
    private final Metrics metrics;
    private final Map<String, String> problems = new HashMap<>();
    /** Versions that serve by now; oldest first. */
    private final ArrayDeque<Flipped> untold = new ArrayDeque<>();

    private long readied;

    /** Whose settings bound the tenants known and the event times kept of each. */
    Swaps(ServingSettings settings, TrustedKeys keys, Metrics metrics) {
        this.tenants = new TenantTables(settings.knownTenants());
        this.pinned = Set.copyOf(settings.pinnedTenants());
        this.eventTimes = settings.eventTimes();
        this.keys = keys;
        this.metrics = metrics;
    }

    TenantTables tenants() {
        return tenants;
    }

    Optional<TenantTable> find(String tenant) {
        return tenants.get(tenant);
    }

    /** Whether an image is later than the one known here, or the first. */
    boolean isNew(AdapterImage image) {
        return find(image.tenant())
                .filter(table -> table.image().revision() >= image.revision())
                .isEmpty();
    }

    Map<String, Long> revisions() {
        return tenants.all().stream()
                .map(TenantTable::image)
                .collect(Collectors.toMap(AdapterImage::tenant, AdapterImage::revision));
    }

    /** Takes a decision; the table says whether something is left to be done. */
    TenantTable decided(AdapterImage image) {
        TenantTable table = tenants.get(image.tenant()).orElseGet(() -> new TenantTable(image, eventTimes));
        tenants.put(table, TenantTable::settled).ifPresent(metrics::forgotten);
        table.decided(image);
        return table;
    }

    /** Takes what came of verifying a version; one that does not verify is told to health. */
    void verified(TenantTable table, AdapterVersion version, Optional<ManifestRefusal> refusal) {
        String tenant = table.image().tenant();
        if (refusal.isEmpty()) {
            table.verify(version);
        } else if (table.image().serving() == version.number()) {
            String problem = "%s:%d is not served: %s"
                    .formatted(tenant, version.number(), refusal.get().code());
            LOG.error("{}", problem);
            problems.put(tenant, problem);
        }
    }

    Optional<ManifestRefusal> refusal(TenantTable table, int number) {
        return table.refusal(number, keys);
    }

    /** What a table wants to serve is verified and staged. */
    void ready(TenantTable table) {
        table.ready();
        problems.remove(table.image().tenant());
        readied++;
    }

    /** How many there were. */
    long readied() {
        return readied;
    }

    /** @param nanos since the decision */
    private record Flipped(TenantTable table, int number, long nanos) {}

    /** The swap itself; false where it was made already, or a later decision came before it. */
    boolean flip(TenantTable table, long nowNanos) {
        if (!table.isReady()) {
            return false;
        }
        table.flip();
        untold.add(new Flipped(table, table.image().serving(), nowNanos - table.decidedNanos()));
        return true;
    }

    /** Tells metrics and logs of the swaps that they were not told of; false where there are none. */
    boolean tell() {
        boolean any = !untold.isEmpty();
        while (!untold.isEmpty()) {
            tell(untold.remove());
        }
        return any;
    }

    /** Of a tenant that was forgotten meanwhile nothing serves. */
    private void tell(Flipped flipped) {
        String tenant = flipped.table().image().tenant();
        double seconds = flipped.nanos() / 1e9;
        if (find(tenant).filter(known -> known == flipped.table()).isPresent()) {
            metrics.swapped(tenant, flipped.number(), seconds);
        }
        LOG.debug("{}:{} serves after {} s", tenant, flipped.number(), seconds);
    }

    /** The tenant that waits for this adapter to be staged. */
    Optional<TenantTable> waitingFor(AdapterSlots.Key key) {
        return tenants.get(key.tenant()).filter(table -> !table.settled() && servesFrom(table, key));
    }

    void notStaged(AdapterSlots.Key key, Throwable cause) {
        tenants.get(key.tenant())
                .filter(table -> servesFrom(table, key))
                .ifPresent(table -> problems.put(
                        key.tenant(),
                        "%s:%d can't be staged: %s"
                                .formatted(key.tenant(), table.image().serving(), cause.getMessage())));
    }

    private static boolean servesFrom(TenantTable table, AdapterSlots.Key key) {
        return table.image()
                .servingVersion()
                .filter(version -> version.digest().equals(key.digest()))
                .isPresent();
    }

    /** How much an adapter is wanted: what serves is most, then what a rollback would take. */
    int rank(AdapterSlots.Key key) {
        return tenants.get(key.tenant()).map(table -> rank(table, key.digest())).orElse(0);
    }

    private int rank(TenantTable table, String digest) {
        AdapterImage image = table.image();
        OptionalInt number = number(image, digest);
        if (number.isEmpty()) {
            return 0;
        }
        boolean serves = number.getAsInt() == image.serving() || number.equals(table.serving());
        if (serves) {
            return pinned.contains(image.tenant()) ? AdapterSlots.PINNED : SERVES;
        }
        return number.equals(image.previous()) ? 1 : 0;
    }

    private static OptionalInt number(AdapterImage image, String digest) {
        for (AdapterVersion version : image.versions()) { // asked of every adapter whenever one comes or goes
            if (version.digest().equals(digest)) {
                return OptionalInt.of(version.number());
            }
        }
        return OptionalInt.empty();
    }

    /** What does not serve as decided, one sentence each. */
    List<String> problems() {
        return tenants.all().stream()
                .filter(table -> !table.settled())
                .map(table -> problems.getOrDefault(
                        table.image().tenant(),
                        "%s:%d is being staged"
                                .formatted(table.image().tenant(), table.image().serving())))
                .toList();
    }
}
