package io.livegraft.actors.ingest;

import io.livegraft.actors.trainer.LogEntry;
import io.livegraft.actors.trainer.Trainer;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SequencedMap;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.pekko.actor.typed.ActorRef;

/**
 * The tenants of one partition that have a trainer, least recently used first. All others cost nothing: their state is in
 * their checkpoint.
 */
final class AwakeTenants {
    private final int most;
    private final SequencedMap<String, AwakeTenant> byName = new LinkedHashMap<>();
    private long lives;
    private long outstanding;

    /** At most {@code most} at once. */
    AwakeTenants(int most) {
        this.most = most;
    }

    Optional<AwakeTenant> get(String name) {
        return Optional.ofNullable(byName.get(name));
    }

    Optional<AwakeTenant> of(ActorRef<?> trainer) {
        return byName.values().stream()
                .filter(each -> each.trainer().filter(trainer::equals).isPresent())
                .findFirst();
    }

    Collection<AwakeTenant> all() {
        return Collections.unmodifiableCollection(byName.values());
    }

    boolean full() {
        return byName.size() >= most;
    }

    /** Only when there is room. */
    AwakeTenant wake(String name, long firstOffset) {
        AwakeTenant tenant = new AwakeTenant(name, ++lives, firstOffset);
        byName.put(name, tenant);
        return tenant;
    }

    /** One entry more for a tenant; {@link AwakeTenant#give} hands it on. */
    void add(AwakeTenant tenant, ConsumerRecord<byte[], byte[]> record, LogEntry entry, long nowMillis) {
        tenant.add(record, entry, nowMillis);
        outstanding++;
        byName.putLast(tenant.name(), tenant);
    }

    /**
     * What a trainer told, unless it is no longer its tenant's.
     *
     * @return how long the tenant took to wake, in seconds, when this is the first that its trainer has taken
     */
    OptionalDouble progress(Trainer.Progress told) {
        Optional<AwakeTenant> tenant = get(told.tenant()).filter(one -> one.life() == told.life());
        if (tenant.isEmpty()) {
            return OptionalDouble.empty();
        }
        long before = tenant.get().outstanding();
        OptionalDouble woken = tenant.get().progress(told);
        outstanding -= before - tenant.get().outstanding();
        return woken;
    }

    void remove(AwakeTenant tenant) {
        byName.remove(tenant.name());
        outstanding -= tenant.outstanding();
    }

    /** Takes out the least recently used one at rest. */
    Optional<AwakeTenant> evictOne() {
        Optional<AwakeTenant> atRest =
                byName.values().stream().filter(AwakeTenant::atRest).findFirst();
        atRest.ifPresent(this::remove);
        return atRest;
    }

    /** Takes out those at rest that were not used since then. */
    List<AwakeTenant> evictIdle(long latestUseMillis) {
        List<AwakeTenant> idle = byName.values().stream()
                .takeWhile(tenant -> tenant.usedMillis() <= latestUseMillis)
                .filter(AwakeTenant::atRest)
                .toList();
        idle.forEach(this::remove);
        return idle;
    }

    /** Entries that no trainer has taken. */
    long outstanding() {
        return outstanding;
    }

    List<Trainer.Progress> progress() {
        return byName.values().stream()
                .flatMap(tenant -> tenant.progress().stream())
                .toList();
    }
}
