package io.livegraft.actors.serving;

import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import com.typesafe.config.ConfigFactory;
import io.livegraft.actors.batching.BatchingSettings;
import io.livegraft.actors.batching.TenantSettings;
import io.livegraft.actors.checkpoint.ArtifactStore;
import io.livegraft.actors.device.DeviceScheduler;
import io.livegraft.actors.device.DeviceSettings;
import io.livegraft.actors.device.TestingEngine;
import io.livegraft.actors.metrics.AdapterTier;
import io.livegraft.actors.metrics.Metrics;
import io.livegraft.actors.registry.AdapterDelta;
import io.livegraft.actors.registry.AdapterEvent;
import io.livegraft.actors.registry.AdapterImage;
import io.livegraft.actors.registry.TestingImages;
import io.livegraft.actors.signing.SigningKey;
import io.livegraft.actors.signing.TrustedKeys;
import io.livegraft.gpu.engine.Engine;
import io.livegraft.gpu.engine.StagedAdapter;
import io.livegraft.gpu.generation.GenerationDelta;
import io.livegraft.gpu.generation.SamplingSettings;
import io.livegraft.gpu.lora.LoraAdapter;
import io.livegraft.gpu.lora.LoraConfig;
import io.livegraft.gpu.model.ModelDirectory;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.DataPointSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;

/** A replica with a device, an engine and a store; registries are its caller. */
final class TestingReplica implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String ONE_THREAD =
            "one-thread { type = Dispatcher, executor = thread-pool-executor, thread-pool-executor.fixed-pool-size = 1 }";
    private static final DispatcherSelector REPLICA = DispatcherSelector.fromConfig("one-thread");
    private static final LoraConfig LORA = new LoraConfig(4, 8, false, LoraConfig.ALL_LINEAR);

    final Engine engine = TestingEngine.open(Map.of("max-sequences", 8));
    final ArtifactStore artifacts;
    private final ActorTestKit kit =
            ActorTestKit.create(ConfigFactory.parseString(ONE_THREAD).withFallback(ConfigFactory.load()));
    private final SigningKey key = SigningKey.generate();
    private final Metrics metrics = new Metrics();
    private final ActorRef<ServingReplica.Command> replica;

    /** Of each adapter that is made here, on the device. */
    static long adapterBytes() {
        return StagedAdapter.mostBytes(LoraAdapter.initial(
                LORA,
                ModelDirectory.open(Path.of("../deploy/base/livegraft-tiny")).config(),
                1));
    }

    /** Settings of {@code livegraft.serving} besides the usual ones. */
    TestingReplica(ArtifactStore artifacts, Map<String, Object> settings) {
        this.artifacts = artifacts;
        ActorRef<DeviceScheduler.Command> device = kit.spawn(
                DeviceScheduler.create(
                        engine,
                        new DeviceSettings(64, 64, 0.5, 8, 1, 1),
                        new BatchingSettings(8, 64, 64, engine.pageTokens(), TenantSettings.alike()),
                        System::nanoTime,
                        metrics),
                "device",
                DispatcherSelector.fromConfig("livegraft.device.dispatcher"));
        this.replica = kit.spawn(
                ServingReplica.create(new ServingReplica.Environment(
                        ServingSettings.from(ConfigFactory.parseMap(settings)
                                .withFallback(ConfigFactory.load().getConfig("livegraft.serving"))),
                        engine.baseName(),
                        engine.baseDigest(),
                        engine.config(),
                        engine.maxSequenceTokens(),
                        1000,
                        artifacts,
                        new TrustedKeys(List.of(key.verifyingKey())),
                        device,
                        Clock.systemUTC(),
                        metrics)),
                "replica",
                REPLICA);
    }

    /** An adapter that changes answers, in the store; its digest. */
    String adapter(long seed) {
        LoraAdapter fresh = LoraAdapter.initial(LORA, engine.config(), seed);
        float[] values = fresh.values().clone();
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) Math.sin(i * (0.7 + 0.13 * seed) + seed) * 0.3f;
        }
        try {
            return artifacts.write(fresh.withValues(values), engine.baseName());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The registry's decision: these versions, of which the last one serves. */
    AdapterImage publish(String tenant, String... digests) {
        AdapterImage image = TestingImages.image(tenant, List.of(digests), key);
        decide(image);
        return image;
    }

    void decide(AdapterImage image) {
        ServingReplica.publisher(replica)
                .onUpdate(
                        new AdapterDelta.Accepted(new AdapterEvent.Registered(Instant.EPOCH, 1), List.of()),
                        image,
                        Optional.empty());
    }

    /** What is told meanwhile comes in that order, with nothing of the replica's own in between. */
    void inOneGo(Runnable telling) {
        CountDownLatch held = new CountDownLatch(1);
        CountDownLatch told = new CountDownLatch(1);
        kit.system().dispatchers().lookup(REPLICA).execute(() -> {
            held.countDown();
            await(told);
        });
        await(held);
        telling.run();
        told.countDown();
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    ServingReplica.Reply ask(String model, int[] prompt, int choices, int tokens) {
        return get(asked(model, prompt, choices, tokens));
    }

    CompletionStage<ServingReplica.Reply> asked(String model, int[] prompt, int choices, int tokens) {
        return AskPattern.ask(
                replica,
                replyTo -> new ServingReplica.Generate(
                        model,
                        prompt,
                        Collections.nCopies(choices, SamplingSettings.greedy(tokens)),
                        OptionalLong.empty(),
                        replyTo),
                PATIENCE,
                kit.scheduler());
    }

    ServingReplica.Admitted admit(String model, int[] prompt, int tokens) {
        return assertInstanceOf(ServingReplica.Admitted.class, ask(model, prompt, 1, tokens));
    }

    CompletionStage<List<Integer>> tokens(ServingReplica.Admitted admitted) {
        return tokens(admitted.choices().getFirst());
    }

    CompletionStage<List<Integer>> tokens(Source<GenerationDelta, NotUsed> choice) {
        return choice.map(GenerationDelta::token).runWith(Sink.seq(), kit.system());
    }

    /** Once it comes; it need not be admitted at once. */
    CompletionStage<List<Integer>> answerLater(String model, int[] prompt, int tokens) {
        return asked(model, prompt, 1, tokens)
                .thenCompose(reply -> tokens(assertInstanceOf(ServingReplica.Admitted.class, reply)));
    }

    List<Integer> answer(String model, int[] prompt, int tokens) {
        return get(tokens(admit(model, prompt, tokens)));
    }

    /** Adapters that were wanted while this was the nearest tier that had them. */
    long wanted(AdapterTier tier) {
        return metrics.registry().scrape().stream()
                .filter(family -> family.getMetadata().getName().equals("livegraft_adapters_wanted"))
                .flatMap(family -> family.getDataPoints().stream())
                .filter(point -> tier.name().equalsIgnoreCase(point.getLabels().get("tier")))
                .mapToLong(point -> (long) ((CounterSnapshot.CounterDataPointSnapshot) point).getValue())
                .sum();
    }

    /** The version of each tenant that serves, by the node's metrics. */
    Map<String, Integer> served() {
        TestingReplica.<ServingReplica.Revisions>get(
                AskPattern.ask(replica, ServingReplica.GetRevisions::new, PATIENCE, kit.scheduler()));
        return metrics.registry().scrape().stream()
                .filter(family -> family.getMetadata().getName().equals("livegraft_adapter"))
                .flatMap(family -> family.getDataPoints().stream())
                .map(DataPointSnapshot::getLabels)
                .collect(Collectors.toMap(
                        labels -> labels.get("adapter"), labels -> Integer.valueOf(labels.get("version"))));
    }

    /** Versions that began to serve. */
    long swaps() {
        return metrics.registry().scrape().stream()
                .filter(family -> family.getMetadata().getName().equals("livegraft_swap_duration_seconds"))
                .flatMap(family -> family.getDataPoints().stream())
                .mapToLong(point -> ((HistogramSnapshot.HistogramDataPointSnapshot) point).getCount())
                .sum();
    }

    /** Waits until the model's answers are made by this version. */
    void serves(String tenant, int version) {
        ServingReplica.Admitted admitted = admit(tenant, new int[] {5, 6}, 1);
        get(tokens(admitted));
        while (admitted.version() != version) {
            admitted = admit(tenant, new int[] {5, 6}, 1);
            get(tokens(admitted));
        }
    }

    static <T> T get(CompletionStage<T> stage) {
        return stage.toCompletableFuture()
                .orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS)
                .join();
    }

    @Override
    public void close() {
        kit.shutdownTestKit();
        engine.close();
    }
}
