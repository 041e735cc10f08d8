package io.livegraft.actors.registry;

import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.persistence.jdbc.query.javadsl.JdbcReadJournal;
import org.apache.pekko.persistence.query.EventEnvelope;
import org.apache.pekko.persistence.query.Offset;
import org.apache.pekko.persistence.query.PersistenceQuery;
import org.apache.pekko.persistence.query.Sequence;
import org.apache.pekko.stream.javadsl.Sink;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps the {@link TenantIndex} up with the journal: looks again and again for what is new and takes it in, in batches. */
final class TenantIndexer extends AbstractBehavior<TenantIndexer.Command> {
    private static final Logger LOG = LoggerFactory.getLogger(TenantIndexer.class);
    private static final int BATCH = 500;

    sealed interface Command {}

    private enum Look implements Command {
        INSTANCE
    }

    private record CaughtUp() implements Command {}

    /** Another node has gone on from where this one began. */
    private record Overtaken() implements Command {}

    private record Failed(Throwable cause) implements Command {}

    private final TimerScheduler<Command> timers;
    private final TenantIndex index;
    private final RegistrySettings settings;
    private final ActorRef<Done> caughtUp;
    private final JdbcReadJournal journal;
    private final Executor blocking;

    private TenantIndexer(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            TenantIndex index,
            RegistrySettings settings,
            ActorRef<Done> caughtUp) {
        super(context);
        this.timers = timers;
        this.index = index;
        this.settings = settings;
        this.caughtUp = caughtUp;
        this.journal = PersistenceQuery.get(context.getSystem())
                .getReadJournalFor(JdbcReadJournal.class, JdbcReadJournal.Identifier());
        this.blocking = context.getSystem().dispatchers().lookup(DispatcherSelector.blocking());
        look();
    }

    /**
     * Begins where it ended.
     *
     * @param caughtUp told each time everything in the journal has been taken in
     */
    static Behavior<Command> create(TenantIndex index, RegistrySettings settings, ActorRef<Done> caughtUp) {
        return Behaviors.setup(context ->
                Behaviors.withTimers(timers -> new TenantIndexer(context, timers, index, settings, caughtUp)));
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder().onAnyMessage(this::onCommand).build();
    }

    private Behavior<Command> onCommand(Command command) {
        switch (command) {
            case Look look -> look();
            case CaughtUp done -> {
                caughtUp.tell(Done.getInstance());
                lookLater();
            }
            case Overtaken overtaken -> lookLater();
            case Failed failed -> {
                LOG.warn("the list of tenants is not up to date; trying again", failed.cause());
                lookLater();
            }
        }
        return this;
    }

    private void lookLater() {
        timers.startSingleTimer(Look.INSTANCE, settings.indexInterval());
    }

    private void look() {
        CompletionStage<Boolean> taken =
                CompletableFuture.supplyAsync(this::position, blocking).thenCompose(this::takeFrom);
        getContext().pipeToSelf(taken, (all, failure) -> {
            if (failure != null) {
                return new Failed(failure);
            }
            return all ? new CaughtUp() : new Overtaken();
        });
    }

    /** Whether all was taken. */
    private CompletionStage<Boolean> takeFrom(long position) {
        return journal.currentEventsByTag(AdapterRegistry.TAG, Offset.sequence(position))
                .grouped(BATCH)
                .statefulMap(
                        () -> position,
                        (from, events) -> {
                            Batch batch = Batch.of(from, events);
                            return Pair.create(batch.to(), batch);
                        },
                        last -> Optional.empty())
                .mapAsync(1, batch -> CompletableFuture.supplyAsync(() -> take(batch), blocking))
                .takeWhile(mine -> mine, true)
                .runWith(Sink.fold(true, (before, mine) -> mine), getContext().getSystem());
    }

    /** Between two positions of the journal, the latest row of each tenant. */
    private record Batch(long from, long to, Map<String, TenantRow> rows) {
        private static Batch of(long from, List<EventEnvelope> events) {
            Map<String, TenantRow> rows = new LinkedHashMap<>();
            long to = from;
            for (EventEnvelope envelope : events) {
                String tenant = envelope.persistenceId().substring(AdapterRegistry.PERSISTENCE_PREFIX.length());
                RecordedEvent recorded = (RecordedEvent) envelope.event();
                rows.put(
                        tenant,
                        new TenantRow(
                                tenant, recorded.standing(), recorded.event().at()));
                to = ((Sequence) envelope.offset()).value();
            }
            return new Batch(from, to, rows);
        }
    }

    private long position() {
        try {
            return index.position();
        } catch (SQLException e) {
            throw new IllegalStateException("the list of tenants can't be read", e);
        }
    }

    private boolean take(Batch batch) {
        try {
            return index.advance(batch.from(), batch.to(), batch.rows().values());
        } catch (SQLException e) {
            throw new IllegalStateException("the list of tenants can't be written", e);
        }
    }
}
