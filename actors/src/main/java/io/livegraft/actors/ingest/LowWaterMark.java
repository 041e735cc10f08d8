package io.livegraft.actors.ingest;

import io.livegraft.actors.trainer.Trainer;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableSet;
import java.util.TreeSet;

/**
 * The offset of one partition to restart from: everything below it is part of a checkpoint or in the dead-letter topic.
 * Errs on the early side, because what is read again changes nothing.
 */
final class LowWaterMark {
    private static final class Tenant {
        private long lastGiven = -1;
        private long processed = -1;
        private long savedThrough = -1;
        private boolean settled = true;

        private boolean restsAtEnd() {
            return settled && processed >= lastGiven;
        }
    }

    private final Map<String, Tenant> tenants = new HashMap<>();
    private final NavigableSet<Long> deadLettering = new TreeSet<>();
    private long next;

    /** Read from the log. */
    void read(long offset) {
        next = Math.max(next, offset + 1);
    }

    /** Given to a tenant's trainer. */
    void given(String tenant, long offset) {
        tenant(tenant).lastGiven = offset;
    }

    void progress(Trainer.Progress progress) {
        Tenant tenant = tenant(progress.tenant());
        tenant.processed = progress.processed();
        tenant.savedThrough = progress.savedThrough();
        tenant.settled = progress.settled();
    }

    /** Its trainer has stopped: what it had not saved must be read again. */
    void stopped(String tenant) {
        tenant(tenant).lastGiven = Long.MAX_VALUE;
    }

    void deadLettering(long offset) {
        deadLettering.add(offset);
    }

    void deadLettered(long offset) {
        deadLettering.remove(offset);
    }

    long value() {
        long lowest = deadLettering.isEmpty() ? next : deadLettering.first();
        for (Tenant tenant : tenants.values()) {
            if (!tenant.restsAtEnd()) {
                lowest = Math.min(lowest, tenant.savedThrough + 1);
            }
        }
        return lowest;
    }

    private Tenant tenant(String name) {
        return tenants.computeIfAbsent(name, tenant -> new Tenant());
    }
}
