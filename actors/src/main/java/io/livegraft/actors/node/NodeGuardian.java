package io.livegraft.actors.node;

import io.livegraft.actors.batching.BatchingSettings;
import io.livegraft.actors.cluster.Follower;
import io.livegraft.actors.device.DeviceScheduler;
import io.livegraft.actors.ingest.FeedbackConsumer;
import io.livegraft.actors.ingest.LogWriter;
import io.livegraft.actors.metrics.Metrics;
import io.livegraft.actors.registry.AdapterPublisher;
import io.livegraft.actors.registry.AdapterRegistry;
import io.livegraft.actors.registry.AdapterUpdate;
import io.livegraft.actors.registry.Placement;
import io.livegraft.actors.registry.RegistryGuardian;
import io.livegraft.actors.registry.TenantIndex;
import io.livegraft.actors.replay.ArchivedTenantLog;
import io.livegraft.actors.replay.KafkaTenantLog;
import io.livegraft.actors.serving.ServingReplica;
import io.livegraft.actors.signing.SigningKey;
import io.livegraft.actors.supervisor.Publication;
import io.livegraft.actors.supervisor.Supervisor;
import io.livegraft.actors.trainer.TenantLog;
import io.livegraft.actors.trainer.Trainer;
import io.livegraft.gpu.engine.Engine;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.SupervisorStrategy;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.pubsub.Topic;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.SelfUp;
import org.apache.pekko.cluster.typed.Subscribe;

/** Spawns the node's actors in the order in which they need each other. */
final class NodeGuardian extends AbstractBehavior<NodeGuardian.Command> {
    sealed interface Command {}

    record GetParts(ActorRef<Parts> replyTo) implements Command {}

    private enum Joined implements Command {
        INSTANCE
    }

    /** @param follower empty for a node that is alone */
    record Parts(
            ActorRef<RegistryGuardian.Command> registry,
            ActorRef<ServingReplica.Command> serving,
            ActorRef<FeedbackConsumer.Command> ingest,
            Optional<ActorRef<Follower.Command>> follower,
            Trainer.Environment trainer) {}

    /** What was started before the actors. */
    record Environment(
            NodeSettings settings,
            String bootstrapServers,
            String nodeId,
            Engine engine,
            NodeStores stores,
            SigningKey signingKey,
            TenantIndex tenantIndex,
            LogWriter writer,
            Metrics metrics) {}

    private static final int MOST_WAITING = 16;

    private final Environment environment;
    private final NodeSettings settings;
    private final NodeBasis basis;
    private final Parts parts;

    private NodeGuardian(ActorContext<Command> context, Environment environment) {
        super(context);
        this.environment = environment;
        this.settings = environment.settings();
        this.basis = NodeBasis.of(settings, environment.engine());
        ActorRef<DeviceScheduler.Command> device = context.spawn(
                DeviceScheduler.create(
                        environment.engine(), settings.device(), batching(), System::nanoTime, environment.metrics()),
                "device",
                DispatcherSelector.fromConfig("livegraft.device.dispatcher"));
        ActorRef<ServingReplica.Command> serving = context.spawn(serving(device), "serving");
        Optional<ActorRef<Topic.Command<AdapterUpdate>>> topic =
                settings.cluster().several()
                        ? Optional.of(context.spawn(Follower.topic(), "adapter-updates"))
                        : Optional.empty();
        ActorRef<RegistryGuardian.Command> registry = context.spawn(registry(publisher(serving, topic)), "registry");
        ActorRef<Supervisor.Command> supervisor = context.spawn(
                Supervisor.create(new Publication.Environment(
                        environment.engine().config(),
                        settings.evaluation(),
                        basis.general(),
                        environment.stores().artifacts(),
                        device,
                        registry,
                        environment.metrics())),
                "supervisor");
        Trainer.Environment trainer = trainer(device, supervisor, registry);
        ActorRef<FeedbackConsumer.Command> ingest = context.spawn(ingest(trainer), "ingest");
        serving.tell(new ServingReplica.UseRegistry(registry));
        this.parts = new Parts(
                registry,
                serving,
                ingest,
                topic.map(updates -> context.spawn(follower(updates, serving), "follower")),
                trainer);
    }

    static Behavior<Command> create(Environment environment) {
        return environment.settings().cluster().several()
                ? afterJoining(environment)
                : Behaviors.setup(context -> new NodeGuardian(context, environment));
    }

    /** A node that is no member yet must not take partitions: it could not number their assignments. */
    private static Behavior<Command> afterJoining(Environment environment) {
        return Behaviors.withStash(
                MOST_WAITING,
                stash -> Behaviors.setup(context -> {
                    Cluster.get(context.getSystem())
                            .subscriptions()
                            .tell(Subscribe.create(
                                    context.messageAdapter(SelfUp.class, up -> Joined.INSTANCE), SelfUp.class));
                    return Behaviors.receiveMessage(command -> switch (command) {
                        case GetParts get -> {
                            stash.stash(get);
                            yield Behaviors.same();
                        }
                        case Joined joined ->
                            stash.unstashAll(Behaviors.setup(joining -> new NodeGuardian(joining, environment)));
                    });
                }));
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder().onAnyMessage(this::onCommand).build();
    }

    private Behavior<Command> onCommand(Command command) {
        return switch (command) {
            case GetParts get -> {
                get.replyTo().tell(parts);
                yield this;
            }
            case Joined joined -> this;
        };
    }

    private BatchingSettings batching() {
        return new BatchingSettings(
                settings.engine().maxSequences(),
                settings.device().waitingRequests(),
                settings.device().turnTokens(),
                environment.engine().pageTokens(),
                settings.tenants());
    }

    private Behavior<ServingReplica.Command> serving(ActorRef<DeviceScheduler.Command> device) {
        int running = settings.engine().maxSequences();
        return ServingReplica.create(new ServingReplica.Environment(
                settings.serving(),
                environment.engine().baseName(),
                environment.engine().baseDigest(),
                environment.engine().config(),
                environment.engine().maxSequenceTokens(),
                running + 2 * settings.device().waitingRequests(),
                environment.stores().artifacts(),
                settings.registry().signing().trusting(environment.signingKey()),
                device,
                Clock.systemUTC(),
                environment.metrics()));
    }

    private static AdapterPublisher publisher(
            ActorRef<ServingReplica.Command> serving, Optional<ActorRef<Topic.Command<AdapterUpdate>>> topic) {
        AdapterPublisher local = ServingReplica.publisher(serving);
        return topic.map(updates -> Follower.publisher(local, updates)).orElse(local);
    }

    private Behavior<Follower.Command> follower(
            ActorRef<Topic.Command<AdapterUpdate>> topic, ActorRef<ServingReplica.Command> serving) {
        return Follower.create(
                topic, serving, environment.tenantIndex(), settings.cluster().catchUp());
    }

    private Behavior<RegistryGuardian.Command> registry(AdapterPublisher publisher) {
        Behavior<RegistryGuardian.Command> guardian = RegistryGuardian.create(new RegistryGuardian.Environment(
                new AdapterRegistry.Environment(
                        environment.engine().baseDigest(),
                        basis.training().configDigest(),
                        settings.registry(),
                        Clock.systemUTC(),
                        environment.signingKey(),
                        publisher),
                settings.cluster().several() ? Placement.SHARDED : Placement.ALONE,
                environment.stores().versions(),
                environment.tenantIndex(),
                environment.nodeId()));
        return Behaviors.supervise(guardian)
                .onFailure(SupervisorStrategy.restartWithBackoff(Duration.ofMillis(500), Duration.ofSeconds(10), 0.1));
    }

    private Trainer.Environment trainer(
            ActorRef<DeviceScheduler.Command> device,
            ActorRef<Supervisor.Command> supervisor,
            ActorRef<RegistryGuardian.Command> registry) {
        return new Trainer.Environment(
                basis.training(),
                environment.engine().baseName(),
                environment.stores().checkpoints(),
                environment.stores().artifacts(),
                device,
                supervisor,
                registry,
                log(),
                environment.metrics());
    }

    private TenantLog log() {
        String topic = settings.kafka().feedbackTopic();
        TenantLog kafka = new KafkaTenantLog(
                environment.bootstrapServers(),
                topic,
                basis.entries(),
                settings.replay().patience());
        return environment
                .stores()
                .archive()
                .<TenantLog>map(archive -> new ArchivedTenantLog(archive, topic, basis.entries(), kafka))
                .orElse(kafka);
    }

    private Behavior<FeedbackConsumer.Command> ingest(Trainer.Environment trainer) {
        Behavior<FeedbackConsumer.Command> consumer = FeedbackConsumer.create(new FeedbackConsumer.Environment(
                settings.ingest(),
                environment.bootstrapServers(),
                environment.nodeId(),
                settings.kafka().deadLetterTopic(),
                basis.entries(),
                environment.writer(),
                environment.stores().archive(),
                trainer,
                Clock.systemUTC(),
                environment.metrics()));
        return Behaviors.supervise(consumer)
                .onFailure(SupervisorStrategy.restartWithBackoff(Duration.ofSeconds(1), Duration.ofSeconds(30), 0.1));
    }
}
