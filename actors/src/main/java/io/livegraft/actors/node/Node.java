package io.livegraft.actors.node;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.livegraft.actors.cluster.ClusterConfig;
import io.livegraft.actors.disk.Disk;
import io.livegraft.actors.disk.FileDisk;
import io.livegraft.actors.ingest.FeedbackConsumer;
import io.livegraft.actors.ingest.FeedbackDecoder;
import io.livegraft.actors.ingest.LogWriter;
import io.livegraft.actors.kafka.EmbeddedBroker;
import io.livegraft.actors.kafka.Topics;
import io.livegraft.actors.metrics.Metrics;
import io.livegraft.actors.registry.RegistryDatabase;
import io.livegraft.actors.registry.TenantIndex;
import io.livegraft.actors.replay.Rebuilds;
import io.livegraft.actors.scrub.Scrubbing;
import io.livegraft.actors.scrub.Scrubs;
import io.livegraft.actors.signing.SigningKey;
import io.livegraft.gpu.backend.NumericProfile;
import io.livegraft.gpu.engine.Engine;
import io.livegraft.gpu.engine.MemoryBudget;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Everything one process runs behind the gateway. Each part is started after those it needs and closed before them; whatever
 * part or process dies, the next start goes on from the state directory.
 */
public final class Node implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Node.class);
    private static final String SYSTEM = "livegraft";
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int DRAIN_POLL_MILLIS = 20;

    private final NodeSettings settings;
    /** What has been started, last one first. */
    private final Deque<AutoCloseable> started = new ArrayDeque<>();

    private final Metrics metrics = new Metrics();
    private final String bootstrapServers;
    private final SigningKey signingKey;
    private final TenantIndex tenantIndex;
    private final Engine engine;
    private final ActorSystem<NodeGuardian.Command> system;
    private final Inference inference;
    private final Administration administration;
    private final FeedbackLog feedback;
    private final LogAdministration logAdministration;
    private final Scrubs scrubs;
    private final PolledHealth health;

    private Node(Config rootConfig, NodeSettings settings, Disk disk) {
        this.settings = settings;
        try {
            StateDirectory state = closing(StateDirectory.open(settings.stateDirectory()));
            this.signingKey = settings.registry().signing().key(state.resolve("signing.key"));
            this.tenantIndex = closing(TenantIndex.open(settings.registry().database(), state.resolve("registry")));
            this.bootstrapServers = broker(state);
            Topics.create(bootstrapServers, settings.kafka());
            this.engine = closing(Engine.open(settings.engine()));
            state.claimFor(engine.baseDigest());
            record(engine.memory());
            NodeStores stores = NodeStores.open(settings, state, disk, metrics);
            LogWriter writer = closing(new LogWriter(bootstrapServers));
            this.system = closing(start(rootConfig, state, stores, writer), Node::stop);
            NodeGuardian.Parts parts = await(parts(), "start of the actors", starting());
            this.inference = new ReplicaInference(system, parts.serving(), engine.tokenizer(), engine.baseName());
            this.administration = new RegistryAdministration(
                    system,
                    parts.registry(),
                    new TrainerList(
                            system,
                            parts.ingest(),
                            stores.checkpoints(),
                            settings.ingest().listedTenants()),
                    tenantIndex,
                    settings.registry().signing().trusting(signingKey),
                    metrics);
            FeedbackDecoder decoder = FeedbackDecoder.of(settings.ingest());
            this.feedback =
                    new KafkaFeedbackLog(writer, decoder, settings.kafka().feedbackTopic());
            this.logAdministration = new KafkaLogAdministration(
                    administration,
                    writer,
                    decoder,
                    closing(new Rebuilds(system, parts.trainer(), settings.replay())),
                    settings.kafka().feedbackTopic(),
                    parts.trainer().basis().configDigest());
            this.scrubs =
                    closing(new Scrubs(new KnownVersions(administration).beside(stores), settings.scrub(), metrics));
            closing(parts, this::drain);
            this.health = closing(new PolledHealth(system, parts));
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /** Returns when every part runs; {@link #health()} tells when all of them are ready to serve. */
    public static Node start(Config rootConfig) {
        return start(rootConfig, new FileDisk());
    }

    /** With checkpoints, adapters and the archive on this disk. */
    static Node start(Config rootConfig, Disk disk) {
        return new Node(rootConfig, NodeSettings.from(rootConfig), disk);
    }

    /** Completes when the actors have ended, by {@link #close} or because the other nodes go on without this one. */
    public CompletionStage<Done> ended() {
        return system.getWhenTerminated();
    }

    public ActorSystem<?> system() {
        return system;
    }

    public Inference inference() {
        return inference;
    }

    public Administration administration() {
        return administration;
    }

    public LogAdministration logAdministration() {
        return logAdministration;
    }

    public Scrubbing scrubbing() {
        return scrubs;
    }

    public FeedbackLog feedback() {
        return feedback;
    }

    public NodeHealth health() {
        return health;
    }

    public PrometheusRegistry metrics() {
        return metrics.registry();
    }

    public String baseName() {
        return engine.baseName();
    }

    public String baseDigest() {
        return engine.baseDigest();
    }

    /** Whether an answer's numbers may depend on its neighbours. */
    public NumericProfile profile() {
        return NumericProfile.ofBackend(engine.profile());
    }

    /** Of the broker in use, embedded or not. */
    public String bootstrapServers() {
        return bootstrapServers;
    }

    /** Longest prompt and answer together, in tokens. */
    public int maxSequenceTokens() {
        return engine.maxSequenceTokens();
    }

    /** Stops reading feedback, lets running requests end for a while, then stops the parts in reverse order. */
    @Override
    public void close() {
        while (!started.isEmpty()) {
            try {
                started.pop().close();
            } catch (Exception e) {
                LOG.warn("a part did not stop cleanly", e);
            }
        }
    }

    private void record(MemoryBudget memory) {
        metrics.memory("linear", memory.linear());
        metrics.memory("head", memory.head());
        metrics.memory("embedding", memory.embedding());
        metrics.memory("vectors", memory.vectors());
        metrics.memory("keys-and-values", memory.keysAndValues());
        metrics.memory("adapters", settings.serving().stagedBytes());
        metrics.memory("heap", memory.heap());
    }

    private String broker(StateDirectory state) {
        return settings.kafka().embedded()
                ? closing(EmbeddedBroker.start(
                                state.resolve("kafka"), settings.kafka().embeddedPort()))
                        .bootstrapServers()
                : settings.kafka().bootstrapServers();
    }

    private ActorSystem<NodeGuardian.Command> start(
            Config rootConfig, StateDirectory state, NodeStores stores, LogWriter writer) {
        Config config = ClusterConfig.of(SYSTEM, settings.cluster(), settings.registry())
                .withFallback(RegistryDatabase.config(settings.registry().database(), state.resolve("registry")))
                .withFallback(ConfigFactory.parseResources(Node.class.getClassLoader(), "livegraft-node.conf"))
                .withFallback(rootConfig)
                .resolve();
        NodeGuardian.Environment environment = new NodeGuardian.Environment(
                settings, bootstrapServers, state.nodeId(), engine, stores, signingKey, tenantIndex, writer, metrics);
        return ActorSystem.create(NodeGuardian.create(environment), SYSTEM, config);
    }

    /** They never come where the other nodes don't let this one in: then the actors end. */
    private CompletionStage<NodeGuardian.Parts> parts() {
        CompletableFuture<NodeGuardian.Parts> parts = AskPattern.ask(
                        system, NodeGuardian.GetParts::new, starting(), system.scheduler())
                .toCompletableFuture();
        system.getWhenTerminated()
                .thenRun(() -> parts.completeExceptionally(
                        new IllegalStateException("the other nodes did not let this one in; see livegraft.cluster")));
        return parts;
    }

    /** A node with others beside it joins them first. */
    private Duration starting() {
        return settings.cluster().several() ? PATIENCE.plus(settings.cluster().join()) : PATIENCE;
    }

    private void drain(NodeGuardian.Parts parts) {
        if (ended().toCompletableFuture().isDone()) {
            return;
        }
        await(
                AskPattern.<FeedbackConsumer.Command, Done>ask(
                        parts.ingest(), FeedbackConsumer.Stop::new, PATIENCE, system.scheduler()),
                "end of reading feedback");
        long deadline = System.nanoTime() + settings.drain().toNanos();
        try {
            while (metrics.requestsOnDevice() > 0 && System.nanoTime() < deadline) {
                Thread.sleep(DRAIN_POLL_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void stop(ActorSystem<NodeGuardian.Command> actors) {
        actors.terminate();
        await(actors.getWhenTerminated(), "end of the actors");
    }

    private <T extends AutoCloseable> T closing(T part) {
        started.push(part);
        return part;
    }

    private <T> T closing(T part, Consumer<T> close) {
        started.push(() -> close.accept(part));
        return part;
    }

    private static <T> T await(CompletionStage<T> stage, String what) {
        return await(stage, what, PATIENCE);
    }

    private static <T> T await(CompletionStage<T> stage, String what, Duration patience) {
        try {
            return stage.toCompletableFuture().get(patience.toSeconds(), TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new LivegraftException(ErrorCode.UNAVAILABLE, "the %s failed: %s".formatted(what, e), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LivegraftException(ErrorCode.UNAVAILABLE, "the %s was interrupted".formatted(what), e);
        }
    }
}
