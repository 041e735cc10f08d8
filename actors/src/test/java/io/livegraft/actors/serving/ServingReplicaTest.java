package io.livegraft.actors.serving;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import com.typesafe.config.ConfigFactory;
import io.livegraft.actors.batching.Refusal;
import io.livegraft.actors.checkpoint.ArtifactStore;
import io.livegraft.actors.device.DeviceScheduler;
import io.livegraft.actors.metrics.Metrics;
import io.livegraft.actors.registry.AdapterDelta;
import io.livegraft.actors.registry.AdapterEvent;
import io.livegraft.actors.registry.AdapterImage;
import io.livegraft.actors.registry.AdapterRegistry;
import io.livegraft.actors.registry.AdapterVersion;
import io.livegraft.actors.registry.RefusalReason;
import io.livegraft.actors.registry.RegistryGuardian;
import io.livegraft.actors.registry.TestingImages;
import io.livegraft.actors.signing.SigningKey;
import io.livegraft.actors.signing.TrustedKeys;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.generation.SamplingSettings;
import io.livegraft.gpu.lora.LoraAdapter;
import io.livegraft.gpu.lora.LoraConfig;
import io.livegraft.gpu.model.ModelConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What reaches the device, with a probe in its place. */
class ServingReplicaTest {
    private static final ModelConfig MODEL =
            new ModelConfig(8, 16, 2, 2, 1, 4, 32, 64, 1e-5f, 10000, true, 1, List.of(2));

    private static final int MOST_REQUESTS = 8;

    @TempDir
    private Path directory;

    private final ActorTestKit kit = ActorTestKit.create(ConfigFactory.load());
    private final TestProbe<DeviceScheduler.Command> device = kit.createTestProbe();
    private final SigningKey key = SigningKey.generate();
    private ArtifactStore artifacts = new ArtifactStore(Path.of("target", "none"));
    private ActorRef<ServingReplica.Command> replica =
            kit.createTestProbe(ServingReplica.Command.class).getRef();

    @BeforeEach
    void start() {
        artifacts = new ArtifactStore(directory);
        replica = kit.spawn(ServingReplica.create(new ServingReplica.Environment(
                ServingSettings.from(ConfigFactory.load().getConfig("livegraft.serving")),
                "tiny",
                "base",
                MODEL,
                64,
                MOST_REQUESTS,
                artifacts,
                new TrustedKeys(List.of(key.verifyingKey())),
                device.getRef(),
                Clock.systemUTC(),
                new Metrics())));
    }

    @AfterEach
    void stop() {
        kit.shutdownTestKit();
    }

    @Test
    void aSignedVersionIsStaged() throws IOException {
        AdapterImage image = TestingImages.image("support", List.of(artifact(1)), key);
        tell(image);
        assertEquals(
                "support/" + image.versions().getFirst().digest(),
                device.expectMessageClass(DeviceScheduler.Stage.class).label());
        assertEquals(List.of("support:1 is being staged"), problems());
    }

    @Test
    void aVersionThatPointsToAnotherArtifactThanWasSignedIsNotServed() throws IOException {
        AdapterImage image = TestingImages.image("support", List.of(artifact(1)), key);
        tell(serving(image, withDigest(image.versions().getFirst(), artifact(2))));
        awaitProblem("support:1 is not served: manifest_content_differs");
        TestProbe<ServingReplica.Reply> client = kit.createTestProbe();
        replica.tell(new ServingReplica.Generate(
                "support:1",
                new int[] {1, 2},
                List.of(SamplingSettings.greedy(4)),
                OptionalLong.empty(),
                client.getRef()));
        ServingReplica.Refused refused = assertInstanceOf(ServingReplica.Refused.class, client.receiveMessage());
        assertEquals(ErrorCode.UNAVAILABLE, refused.code());
        assertEquals("'support:1' is not served: manifest_content_differs", refused.message());
        device.expectNoMessage();
    }

    @Test
    void aVersionSignedByAStrangerIsNotServed() throws IOException {
        tell(TestingImages.image("support", List.of(artifact(1)), SigningKey.generate()));
        awaitProblem("support:1 is not served: manifest_key_not_trusted");
        device.expectNoMessage();
    }

    @Test
    void aTenantThatIsNotKnownHereIsAskedForOnceAndItsRequestsWait() throws IOException {
        TestProbe<RegistryGuardian.Command> registry = kit.createTestProbe();
        replica.tell(new ServingReplica.UseRegistry(registry.getRef()));
        TestProbe<ServingReplica.Reply> client = kit.createTestProbe();
        replica.tell(generate("support", client));
        replica.tell(generate("support:0", client));
        RegistryGuardian.ForTenant asked = registry.expectMessageClass(RegistryGuardian.ForTenant.class);
        registry.expectNoMessage();
        asked.request()
                .replyTo()
                .tell(new AdapterRegistry.Done(TestingImages.image("support", List.of(artifact(1)), key)));
        device.expectMessageClass(DeviceScheduler.Generate.class).asker().onTaken();
        assertEquals(
                0,
                client.expectMessageClass(ServingReplica.Admitted.class).version(),
                "the base alone needs no staging");
        device.expectMessageClass(DeviceScheduler.Stage.class);
    }

    @Test
    void whatTheDeviceRefusesIsRefusedWithTheTimeToComeBack() {
        TestProbe<ServingReplica.Reply> client = kit.createTestProbe();
        Refusal refusal = new Refusal(ErrorCode.QUOTA_EXCEEDED, "too many", Optional.of(Duration.ofSeconds(7)));
        for (int i = 0; i < MOST_REQUESTS + 1; i++) { // a refused request leaves its place
            replica.tell(generate("tiny", client));
            device.expectMessageClass(DeviceScheduler.Generate.class).asker().onRefused(refusal);
            assertEquals(
                    new ServingReplica.Refused(refusal.code(), refusal.message(), refusal.retryAfter()),
                    client.receiveMessage());
        }
    }

    @Test
    void aRequestWhoseTenantIsNotThereInTimeIsRefused() {
        TestProbe<RegistryGuardian.Command> registry = kit.createTestProbe();
        replica.tell(new ServingReplica.UseRegistry(registry.getRef()));
        TestProbe<ServingReplica.Reply> client = kit.createTestProbe();
        replica.tell(new ServingReplica.Generate(
                "support",
                new int[] {1, 2},
                List.of(SamplingSettings.greedy(4)),
                OptionalLong.of(System.nanoTime() + 1_000_000),
                client.getRef()));
        assertEquals(
                ErrorCode.DEADLINE_EXCEEDED,
                client.expectMessageClass(ServingReplica.Refused.class).code());
    }

    @Test
    void aTenantThatNobodyKnowsIsRefused() {
        TestProbe<RegistryGuardian.Command> registry = kit.createTestProbe();
        replica.tell(new ServingReplica.UseRegistry(registry.getRef()));
        TestProbe<ServingReplica.Reply> client = kit.createTestProbe();
        replica.tell(generate("nobody", client));
        registry.expectMessageClass(RegistryGuardian.ForTenant.class)
                .request()
                .replyTo()
                .tell(new AdapterRegistry.Refused(RefusalReason.TENANT_UNKNOWN, "no tenant 'nobody'"));
        assertEquals(
                ErrorCode.MODEL_NOT_FOUND,
                client.expectMessageClass(ServingReplica.Refused.class).code());
        replica.tell(generate("No Tenant", client));
        assertEquals(
                ErrorCode.MODEL_NOT_FOUND,
                client.expectMessageClass(ServingReplica.Refused.class).code());
        registry.expectNoMessage();
    }

    private static ServingReplica.Generate generate(String model, TestProbe<ServingReplica.Reply> client) {
        return new ServingReplica.Generate(
                model, new int[] {1, 2}, List.of(SamplingSettings.greedy(4)), OptionalLong.empty(), client.getRef());
    }

    private String artifact(long seed) throws IOException {
        LoraConfig lora = new LoraConfig(2, 4, false, LoraConfig.ALL_LINEAR);
        return artifacts.write(LoraAdapter.initial(lora, MODEL, seed), "tiny");
    }

    private void tell(AdapterImage image) {
        AdapterEvent event = new AdapterEvent.Registered(Instant.EPOCH, 1);
        ServingReplica.publisher(replica)
                .onUpdate(new AdapterDelta.Accepted(event, List.of()), image, Optional.empty());
    }

    private void awaitProblem(String only) {
        kit.createTestProbe().awaitAssert(() -> {
            assertEquals(List.of(only), problems());
            return only;
        });
    }

    private List<String> problems() {
        TestProbe<ServingReplica.Health> health = kit.createTestProbe();
        replica.tell(new ServingReplica.GetHealth(health.getRef()));
        return health.receiveMessage().problems();
    }

    private static AdapterImage serving(AdapterImage image, AdapterVersion only) {
        return new AdapterImage(
                image.tenant(),
                image.revision(),
                List.of(only),
                image.serving(),
                image.previous(),
                image.candidate(),
                image.held(),
                image.history());
    }

    private static AdapterVersion withDigest(AdapterVersion version, String digest) {
        return new AdapterVersion(
                version.number(),
                digest,
                version.parentDigest(),
                version.step(),
                version.partition(),
                version.offset(),
                version.evaluation(),
                version.publishedAt(),
                version.lineage(),
                version.previousEnvelope(),
                version.envelope());
    }
}
