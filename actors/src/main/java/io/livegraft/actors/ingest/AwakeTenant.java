package io.livegraft.actors.ingest;

import io.livegraft.actors.trainer.LogEntry;
import io.livegraft.actors.trainer.Trainer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.pekko.actor.typed.ActorRef;

/** A tenant with a trainer, or whose checkpoint is being read for one. */
final class AwakeTenant {
    /** An entry that is not given yet, with the record it came from. */
    record Waiting(ConsumerRecord<byte[], byte[]> record, LogEntry entry) {}

    private final String name;
    private final long life;
    private final long sinceNanos = System.nanoTime();
    private long lastOffset = -1;
    /** The event to read again first: the latest one that is saved, or the first since it was at rest. */
    private long wakesAgain;

    /** Events after that one. */
    private final Deque<Long> laterEvents = new ArrayDeque<>();

    private long given;
    private long usedMillis;
    private List<LogEntry> batch = new ArrayList<>();
    private List<Waiting> waiting = new ArrayList<>();
    private Optional<ActorRef<Trainer.Command>> trainer = Optional.empty();
    private Optional<Trainer.Progress> progress = Optional.empty();

    /**
     * A tenant whose log so far is in its checkpoint.
     *
     * @param life tells its trainer from earlier ones of the same tenant
     * @param firstOffset of the entry that wakes it
     */
    AwakeTenant(String name, long life, long firstOffset) {
        this.name = name;
        this.life = life;
        this.wakesAgain = firstOffset;
    }

    String name() {
        return name;
    }

    long life() {
        return life;
    }

    long usedMillis() {
        return usedMillis;
    }

    Optional<ActorRef<Trainer.Command>> trainer() {
        return trainer;
    }

    Optional<Trainer.Progress> progress() {
        return progress;
    }

    /** Whether an entry came before, when this part of the log was read for the first time. */
    boolean had(long offset) {
        return offset <= lastOffset;
    }

    /** Takes an entry; {@link #give} hands it on. */
    void add(ConsumerRecord<byte[], byte[]> record, LogEntry entry, long nowMillis) {
        if (!(entry instanceof LogEntry.Tick)) {
            addEvent(entry.offset());
        }
        lastOffset = entry.offset();
        usedMillis = nowMillis;
        if (trainer.isPresent()) {
            batch.add(entry);
        } else {
            waiting.add(new Waiting(record, entry));
        }
    }

    private void addEvent(long offset) {
        if (atRest()) {
            wakesAgain = offset;
            laterEvents.clear();
        } else {
            laterEvents.add(offset);
        }
    }

    /** What waited for the trainer is its first batch. */
    void wakes(ActorRef<Trainer.Command> awake) {
        trainer = Optional.of(awake);
        waiting.forEach(each -> batch.add(each.entry()));
        waiting = List.of();
    }

    List<Waiting> waiting() {
        return waiting;
    }

    void give() {
        if (trainer.isPresent() && !batch.isEmpty()) {
            given += batch.size();
            trainer.get().tell(new Trainer.Entries(batch));
            batch = new ArrayList<>();
        }
    }

    /** Returns the seconds since the event that wakes it, once: when its trainer has taken that. */
    OptionalDouble progress(Trainer.Progress told) {
        boolean first =
                told.taken() > 0 && progress.map(Trainer.Progress::taken).orElse(0L) == 0;
        progress = Optional.of(told);
        while (!laterEvents.isEmpty() && laterEvents.element() <= told.savedThrough()) {
            wakesAgain = laterEvents.remove();
        }
        return first ? OptionalDouble.of((System.nanoTime() - sinceNanos) / 1e9) : OptionalDouble.empty();
    }

    /** Entries that its trainer has not taken. */
    long outstanding() {
        return waiting.size()
                + batch.size()
                + given
                - progress.map(Trainer.Progress::taken).orElse(0L);
    }

    /** Whether all it has had is in its checkpoint and nothing is left to do: its trainer may stop, a tick changes nothing. */
    boolean atRest() {
        return outstanding() == 0 && progress.filter(Trainer.Progress::atRest).isPresent();
    }

    /**
     * Where its log must be read from should its trainer stop now, unless it is at rest. Only an event wakes a tenant, and after
     * what is saved a tick may be due (a deadline, an offer): so the latest saved event is read again before any later tick.
     */
    long hold() {
        return wakesAgain;
    }
}
