package io.livegraft.actors.registry;

import io.livegraft.actors.checkpoint.VersionFiles;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.Executor;
import java.util.stream.Stream;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way to the tenants' registries: creates the tables, keeps the list of tenants, hands commands to the tenant's
 * {@link AdapterRegistry} and deletes the files of versions that are no longer retained. Holds what is awake, not what is known.
 */
public final class RegistryGuardian extends AbstractBehavior<RegistryGuardian.Command> {
    private static final Logger LOG = LoggerFactory.getLogger(RegistryGuardian.class);
    private static final Duration SWEEP = Duration.ofSeconds(1);

    public sealed interface Command {}

    /**
     * Makes a tenant known: it has valid feedback.
     *
     * @param epoch of the assignment of its partition
     */
    public record Register(String tenant, long epoch) implements Command {}

    /**
     * Takes a partition of the feedback topic, because it was assigned to this node; {@code replyTo} is told the epoch of the
     * assignment.
     */
    public record TakePartition(String topic, int partition, ActorRef<Long> replyTo) implements Command {}

    /** Hands a request to a tenant's registry. */
    public record ForTenant(String tenant, AdapterRegistry.Request request) implements Command {}

    public record GetHealth(ActorRef<Health> replyTo) implements Command {}

    /**
     * How the registry does.
     *
     * @param ready whether the list of tenants was up with the journal since the start
     * @param awake registries in memory; empty where other processes have some of them
     */
    public record Health(boolean ready, OptionalInt awake) {}

    /** Asks once. */
    private record NumberPartition(String topic, int partition, ActorRef<Long> replyTo) implements Command {}

    record RegistryStopped(String tenant) implements Command {}

    private record Prepared() implements Command {}

    private record PreparationFailed(Throwable cause) implements Command {}

    private record CaughtUp() implements Command {}

    private enum Sweep implements Command {
        INSTANCE
    }

    /** What the registries need. */
    public record Environment(
            AdapterRegistry.Environment registry,
            Placement placement,
            VersionFiles files,
            TenantIndex index,
            String nodeId) {}

    private final Environment environment;
    private final Executor blocking;
    private final Registries registries;
    private boolean ready;

    private RegistryGuardian(ActorContext<Command> context, TimerScheduler<Command> timers, Environment environment) {
        super(context);
        this.environment = environment;
        this.blocking = context.getSystem().dispatchers().lookup(DispatcherSelector.blocking());
        this.registries = registries(
                environment.registry().with(deleting(environment.registry().publisher())));
        timers.startTimerWithFixedDelay(Sweep.INSTANCE, SWEEP);
        context.pipeToSelf(
                RegistryDatabase.createTables(context.getSystem()).thenRunAsync(this::createIndex, blocking),
                (done, failure) -> failure == null ? new Prepared() : new PreparationFailed(failure));
    }

    public static Behavior<Command> create(Environment environment) {
        return Behaviors.setup(
                context -> Behaviors.withTimers(timers -> new RegistryGuardian(context, timers, environment)));
    }

    private Registries registries(AdapterRegistry.Environment registry) {
        return switch (environment.placement()) {
            case ALONE -> new AwakeRegistries(getContext(), registry);
            case SHARDED -> ShardedRegistries.start(getContext().getSystem(), registry);
        };
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder().onAnyMessage(this::onCommand).build();
    }

    private Behavior<Command> onCommand(Command command) {
        switch (command) {
            case Register register ->
                registries.tell(
                        register.tenant(),
                        new AdapterRegistry.Register(
                                register.epoch(), getContext().getSystem().ignoreRef()));
            case TakePartition take -> onTakePartition(take);
            case NumberPartition number ->
                registries.take(
                        number.topic(),
                        number.partition(),
                        new PartitionAssignments.Take(environment.nodeId(), number.replyTo()));
            case ForTenant forTenant -> registries.tell(forTenant.tenant(), forTenant.request());
            case GetHealth get -> get.replyTo().tell(new Health(ready, registries.awake()));
            case RegistryStopped stopped -> registries.stopped(stopped.tenant());
            case Prepared prepared -> onPrepared();
            case PreparationFailed failed ->
                throw new IllegalStateException("the registry's tables can't be made", failed.cause());
            case CaughtUp up -> ready = true;
            case Sweep sweep -> registries.sweep();
        }
        return this;
    }

    private void createIndex() {
        try {
            environment.index().createTables();
        } catch (SQLException e) {
            throw new IllegalStateException("the list of tenants can't be made", e);
        }
    }

    private void onPrepared() {
        ActorRef<Done> caughtUp = getContext().messageAdapter(Done.class, done -> new CaughtUp());
        getContext()
                .spawn(
                        TenantIndexer.create(
                                environment.index(), environment.registry().settings(), caughtUp),
                        "tenant-indexer");
    }

    private void onTakePartition(TakePartition take) {
        ActorRef<Command> self = getContext().getSelf();
        getContext()
                .spawnAnonymous(PartitionTaking.create(
                        answers -> self.tell(new NumberPartition(take.topic(), take.partition(), answers)),
                        take.replyTo()));
    }

    private AdapterPublisher deleting(AdapterPublisher publisher) {
        return (delta, image, manifest) -> {
            if (delta instanceof AdapterDelta.Accepted accepted) {
                unused(accepted, image).forEach(digest -> blocking.execute(() -> drop(image.tenant(), digest)));
            }
            publisher.onUpdate(delta, image, manifest);
        };
    }

    /** Of versions that were dropped and of an offer that was refused; two versions may have the same bits, and so files. */
    private static List<String> unused(AdapterDelta.Accepted accepted, AdapterImage image) {
        Stream<String> refused = accepted.event() instanceof AdapterEvent.OfferRefused offer
                ? Stream.of(offer.digest())
                : Stream.empty();
        return Stream.concat(accepted.dropped().stream().map(AdapterVersion::digest), refused)
                .filter(digest -> image.versions().stream()
                        .noneMatch(version -> version.digest().equals(digest)))
                .toList();
    }

    private void drop(String tenant, String digest) {
        try {
            environment.files().drop(tenant, digest);
        } catch (IOException e) {
            LOG.warn("the files of adapter {} of {} can't be deleted; a scrub will", digest, tenant, e);
        }
    }
}
