package io.livegraft.actors.bench;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.livegraft.actors.checkpoint.ArtifactStore;
import io.livegraft.actors.checkpoint.CheckpointStore;
import io.livegraft.actors.evaluation.GeneralSet;
import io.livegraft.actors.ingest.FeedbackConsumer;
import io.livegraft.actors.ingest.FeedbackExamples;
import io.livegraft.actors.ingest.IngestSettings;
import io.livegraft.actors.ingest.LogEntries;
import io.livegraft.actors.ingest.LogWriter;
import io.livegraft.actors.kafka.EmbeddedBroker;
import io.livegraft.actors.kafka.KafkaSettings;
import io.livegraft.actors.kafka.Topics;
import io.livegraft.actors.metrics.Metrics;
import io.livegraft.actors.registry.RegistryGuardian;
import io.livegraft.actors.trainer.Trainer;
import io.livegraft.actors.trainer.TrainerSettings;
import io.livegraft.actors.trainer.TrainingBasis;
import io.livegraft.gpu.model.ModelDirectory;
import io.livegraft.gpu.tokenizer.Tokenizer;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/**
 * A node's ingest and trainers on a real broker, without an engine and a registry behind them: steps that would be trained and
 * versions that would be offered go nowhere, so the settings must not let it come to that.
 */
final class BenchIngest implements AutoCloseable {
    /** As small as adapters get, where they are not what is measured. */
    static final Map<String, Object> SMALL_ADAPTERS =
            Map.of("livegraft.lora.rank", 1, "livegraft.lora.target-modules", List.of("q_proj"));

    private static final Duration ASK = Duration.ofSeconds(60);

    private final EmbeddedBroker broker;
    private final KafkaSettings kafka;
    private final LogWriter writer;
    private final Tokenizer tokenizer;
    private final Config config;
    private final IngestBenchSettings settings;
    private final ModelDirectory base;

    BenchIngest(IngestBenchSettings settings, Map<String, Object> overrides) {
        this.settings = settings;
        this.config = ConfigFactory.parseMap(overrides)
                .withFallback(ConfigFactory.parseMap(Map.of("livegraft.kafka.partitions", settings.partitions())))
                .withFallback(ConfigFactory.parseResources(getClass().getClassLoader(), "livegraft-node.conf"))
                .withFallback(ConfigFactory.load())
                .resolve();
        this.kafka = KafkaSettings.from(config.getConfig("livegraft.kafka"));
        this.base = ModelDirectory.open(settings.base());
        this.tokenizer = Tokenizer.load(settings.base(), base.config());
        this.broker = EmbeddedBroker.start(settings.directory().resolve("kafka"), 0);
        Topics.create(broker.bootstrapServers(), kafka);
        this.writer = new LogWriter(broker.bootstrapServers());
    }

    String bootstrapServers() {
        return broker.bootstrapServers();
    }

    String topic() {
        return kafka.feedbackTopic();
    }

    /** A node that reads until it is closed. */
    Reading read() {
        Metrics metrics = new Metrics();
        return new Reading(ActorSystem.create(consumer(metrics), "livegraft", config), metrics);
    }

    private Behavior<FeedbackConsumer.Command> consumer(Metrics metrics) {
        return Behaviors.setup(context -> FeedbackConsumer.create(new FeedbackConsumer.Environment(
                ingestSettings(),
                broker.bootstrapServers(),
                "bench",
                kafka.deadLetterTopic(),
                entries(),
                writer,
                Optional.empty(),
                trainer(context, metrics),
                Clock.systemUTC(),
                metrics)));
    }

    private IngestSettings ingestSettings() {
        return IngestSettings.from(config.getConfig("livegraft.ingest"));
    }

    private LogEntries entries() {
        return LogEntries.of(
                ingestSettings(),
                settings.tokenizing() ? FeedbackExamples.Encoding.of(tokenizer) : new ByteEncoding(),
                base.config().maxPositions());
    }

    private Trainer.Environment trainer(ActorContext<?> context, Metrics metrics) {
        TrainerSettings trainer =
                TrainerSettings.from(config.getConfig("livegraft")).forBase(base.config());
        return new Trainer.Environment(
                TrainingBasis.of(
                        trainer,
                        ingestSettings().bounds(base.config().maxPositions()),
                        GeneralSet.NONE.digest(),
                        base.config(),
                        kafka.feedbackTopic(),
                        "bench",
                        "bench"),
                base.name(),
                new CheckpointStore(settings.directory().resolve("checkpoints"), trainer.retainedCheckpoints()),
                new ArtifactStore(settings.directory().resolve("adapters")),
                context.getSystem().ignoreRef(),
                context.getSystem().ignoreRef(),
                context.spawn(registry(), "registry"),
                (tenant, partition, from, through, taker) -> {
                    throw new IllegalStateException("nothing is reset or forgotten here");
                },
                metrics);
    }

    /** Every partition is ours. */
    private static Behavior<RegistryGuardian.Command> registry() {
        return Behaviors.receiveMessage(command -> {
            if (command instanceof RegistryGuardian.TakePartition take) {
                take.replyTo().tell(1L);
            }
            return Behaviors.same();
        });
    }

    @Override
    public void close() {
        writer.close();
        broker.close();
        tokenizer.close();
    }

    /** A node at work. */
    record Reading(ActorSystem<FeedbackConsumer.Command> system, Metrics metrics) implements AutoCloseable {
        List<Trainer.Progress> progress() {
            return AskPattern.ask(system, FeedbackConsumer.GetProgress::new, ASK, system.scheduler())
                    .toCompletableFuture()
                    .join()
                    .trainers();
        }

        /** Whether partitions are read. */
        boolean member() {
            return AskPattern.ask(system, FeedbackConsumer.GetReading::new, ASK, system.scheduler())
                    .toCompletableFuture()
                    .join();
        }

        /** Entries that trainers have taken. */
        long taken() {
            return progress().stream().mapToLong(Trainer.Progress::taken).sum();
        }

        @Override
        public void close() {
            ActorRef<FeedbackConsumer.Command> ingest = system;
            AskPattern.<FeedbackConsumer.Command, Done>ask(ingest, FeedbackConsumer.Stop::new, ASK, system.scheduler())
                    .toCompletableFuture()
                    .join();
            system.terminate();
            system.getWhenTerminated().toCompletableFuture().join();
        }
    }
}
