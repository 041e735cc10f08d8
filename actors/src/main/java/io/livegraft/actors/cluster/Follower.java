package io.livegraft.actors.cluster;

import io.livegraft.actors.registry.AdapterDelta;
import io.livegraft.actors.registry.AdapterPublisher;
import io.livegraft.actors.registry.AdapterUpdate;
import io.livegraft.actors.registry.TenantIndex;
import io.livegraft.actors.serving.ServingReplica;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.apache.pekko.actor.typed.pubsub.Topic;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps this node's replica up with what registries on other nodes decide. A topic tells it at once, but at most once: so the
 * revisions that the replica has are compared with the journal's again and again, and what was missed is asked for.
 */
public final class Follower extends AbstractBehavior<Follower.Command> {
    private static final Logger LOG = LoggerFactory.getLogger(Follower.class);
    private static final String TOPIC = "adapter-updates";
    private static final Duration ASK = Duration.ofSeconds(5);
    /** Tenants in one query. */
    private static final int BATCH = 1000;

    public sealed interface Command {}

    /** {@code replyTo} is told whether nothing can have been missed for longer than an interval or two. */
    public record GetFollowing(ActorRef<Boolean> replyTo) implements Command {}

    private record Told(AdapterUpdate update) implements Command {}

    private record Missed(List<String> tenants) implements Command {}

    private record NotCompared(Throwable cause) implements Command {}

    private enum Compare implements Command {
        INSTANCE
    }

    private final ActorRef<ServingReplica.Command> replica;
    private final TenantIndex index;
    private final Duration interval;
    private final TimerScheduler<Command> timers;
    private final Executor blocking;
    private boolean following;

    private Follower(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            ActorRef<Topic.Command<AdapterUpdate>> topic,
            ActorRef<ServingReplica.Command> replica,
            TenantIndex index,
            Duration interval) {
        super(context);
        this.replica = replica;
        this.index = index;
        this.interval = interval;
        this.timers = timers;
        this.blocking = context.getSystem().dispatchers().lookup(DispatcherSelector.blocking());
        topic.tell(Topic.subscribe(context.messageAdapter(AdapterUpdate.class, Told::new)));
        compare();
    }

    /** {@code interval} is how often what was missed is looked for. */
    public static Behavior<Command> create(
            ActorRef<Topic.Command<AdapterUpdate>> topic,
            ActorRef<ServingReplica.Command> replica,
            TenantIndex index,
            Duration interval) {
        return Behaviors.setup(context ->
                Behaviors.withTimers(timers -> new Follower(context, timers, topic, replica, index, interval)));
    }

    /** This node's end of the topic. */
    public static Behavior<Topic.Command<AdapterUpdate>> topic() {
        return Topic.create(AdapterUpdate.class, TOPIC);
    }

    /** Tells this node's replica by {@code local}, and those of the others of every decision. */
    public static AdapterPublisher publisher(AdapterPublisher local, ActorRef<Topic.Command<AdapterUpdate>> topic) {
        return (delta, image, manifest) -> {
            local.onUpdate(delta, image, manifest);
            switch (delta) {
                case AdapterDelta.Recovered recovered -> {
                    // It says nothing new; who missed what was decided before finds out by comparing.
                }
                case AdapterDelta.Accepted accepted ->
                    topic.tell(Topic.publish(new AdapterUpdate(
                            image,
                            manifest.map(published -> published.getEventTimeMillisList())
                                    .orElseGet(List::of))));
            }
        };
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder().onAnyMessage(this::onCommand).build();
    }

    private Behavior<Command> onCommand(Command command) {
        switch (command) {
            case Told told -> replica.tell(new ServingReplica.Decided(told.update()));
            case Compare compare -> compare();
            case GetFollowing get -> get.replyTo().tell(following);
            case Missed missed -> {
                following = true;
                if (!missed.tenants().isEmpty()) {
                    LOG.info(
                            "decisions about {} tenants were missed and are asked for",
                            missed.tenants().size());
                    replica.tell(new ServingReplica.AskAgain(missed.tenants()));
                }
                compareLater();
            }
            case NotCompared failed -> {
                following = false;
                LOG.warn("the journal can't be compared with; trying again", failed.cause());
                compareLater();
            }
        }
        return this;
    }

    private void compareLater() {
        timers.startSingleTimer(Compare.INSTANCE, interval);
    }

    private void compare() {
        CompletionStage<ServingReplica.Revisions> known = AskPattern.ask(
                replica,
                ServingReplica.GetRevisions::new,
                ASK,
                getContext().getSystem().scheduler());
        getContext()
                .pipeToSelf(
                        known.thenCompose(revisions ->
                                CompletableFuture.supplyAsync(() -> behind(revisions.byTenant()), blocking)),
                        (behind, failure) -> failure == null ? new Missed(behind) : new NotCompared(failure));
    }

    /** Tenants of which the journal holds more. */
    private List<String> behind(Map<String, Long> known) {
        List<String> tenants = List.copyOf(known.keySet());
        List<String> behind = new ArrayList<>();
        for (int from = 0; from < tenants.size(); from += BATCH) {
            List<String> batch = tenants.subList(from, Math.min(from + BATCH, tenants.size()));
            revisions(batch).forEach((tenant, revision) -> {
                if (revision > known.getOrDefault(tenant, revision)) {
                    behind.add(tenant);
                }
            });
        }
        return behind;
    }

    private Map<String, Long> revisions(List<String> tenants) {
        try {
            return index.revisions(tenants);
        } catch (SQLException e) {
            throw new IllegalStateException("the journal's revisions can't be read", e);
        }
    }
}
