package io.livegraft.actors.scrub;

import io.livegraft.actors.archive.ArchivePartition;
import io.livegraft.actors.archive.DamagedArchiveException;
import io.livegraft.actors.checkpoint.Finding;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One scrub. Adapters are listed before anything else and asked for last, a while later: what was there all the time and is then
 * neither a version nor on offer in anybody's newest checkpoint belonged to a version whose files a dying process did not delete.
 */
final class StoreScrub {
    private static final Logger LOG = LoggerFactory.getLogger(StoreScrub.class);

    /** Ends when the rest of the grace is over. */
    interface Pause {
        void await(long sinceNanos) throws InterruptedException;
    }

    private final Stores stores;
    private final int listed;
    private final List<String> damaged = new ArrayList<>();

    StoreScrub(Stores stores, int listed) {
        this.stores = stores;
        this.listed = listed;
    }

    ScrubReport run(Pause pause) throws IOException, InterruptedException {
        long begin = System.nanoTime();
        List<String> present = stores.artifacts().digests();
        ScrubReport.Tally checkpoints = ScrubReport.Tally.NONE;
        for (String tenant : stores.checkpoints().tenants()) {
            checkpoints = tally(checkpoints, stores.checkpoints().scrub(tenant));
        }
        ScrubReport.Tally archive = archive();
        pause.await(begin);
        Set<String> orphans = orphans(present);
        for (String orphan : orphans) {
            stores.artifacts().delete(orphan);
        }
        ScrubReport.Tally adapters =
                tally(ScrubReport.Tally.NONE, stores.artifacts().scrub());
        stores.artifacts().dropStaleCopies();
        return new ScrubReport(
                checkpoints, adapters, archive, orphans.size(), damaged, (System.nanoTime() - begin) / 1e9);
    }

    /** None where somebody's checkpoints say nothing any more. */
    private Set<String> orphans(List<String> present) {
        try {
            return unnamed(present);
        } catch (UncheckedIOException e) {
            LOG.warn("no adapter is deleted: {}", e.getMessage());
            return Set.of();
        }
    }

    private Set<String> unnamed(List<String> present) {
        Set<String> orphans = new HashSet<>(present);
        Set<String> tenants = new TreeSet<>(stores.checkpoints().tenants());
        stores.tenants().get().forEach(tenants::add);
        for (String tenant : tenants) {
            orphans.removeAll(stores.versions().apply(tenant));
            stores.checkpoints()
                    .latest(tenant)
                    .map(loaded -> loaded.checkpoint().getLastOffer().getAdapterDigest())
                    .ifPresent(orphans::remove);
        }
        return orphans;
    }

    private ScrubReport.Tally tally(ScrubReport.Tally before, Collection<Finding> findings) {
        long whole = before.whole();
        long unfinished = before.unfinished();
        long bad = before.damaged();
        for (Finding finding : findings) {
            switch (finding) {
                case Finding.Whole each -> whole++;
                case Finding.Unlinked each -> whole++;
                case Finding.Unfinished each -> unfinished++;
                case Finding.Damaged each -> {
                    bad++;
                    damaged("%s: %s".formatted(each.name(), each.reason()));
                }
            }
        }
        return new ScrubReport.Tally(whole, unfinished, bad);
    }

    private ScrubReport.Tally archive() throws IOException {
        if (stores.archive().isEmpty()) {
            return ScrubReport.Tally.NONE;
        }
        long whole = 0;
        long bad = 0;
        for (ArchivePartition partition : stores.archive().get().partitions()) {
            try {
                partition.scrub();
                whole++;
            } catch (DamagedArchiveException e) {
                bad++;
                damaged("%s: %s".formatted(partition.folder(), e.getMessage()));
            }
        }
        return new ScrubReport.Tally(whole, 0, bad);
    }

    private void damaged(String what) {
        if (damaged.size() < listed) {
            damaged.add(what);
        }
    }
}
