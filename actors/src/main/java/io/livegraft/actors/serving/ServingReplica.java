package io.livegraft.actors.serving;

import io.livegraft.actors.checkpoint.ArtifactStore;
import io.livegraft.actors.device.DeviceScheduler;
import io.livegraft.actors.metrics.Metrics;
import io.livegraft.actors.registry.AdapterDelta;
import io.livegraft.actors.registry.AdapterImage;
import io.livegraft.actors.registry.AdapterPublisher;
import io.livegraft.actors.registry.AdapterVersion;
import io.livegraft.actors.registry.ManifestRefusal;
import io.livegraft.actors.signing.TrustedKeys;
import io.livegraft.gpu.engine.StagedAdapter;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.generation.GenerationDelta;
import io.livegraft.gpu.generation.SamplingSettings;
import io.livegraft.gpu.lora.LoraAdapter;
import io.livegraft.gpu.model.ModelConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.BoundedSourceQueue;
import org.apache.pekko.stream.javadsl.Source;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers requests, each with exactly one version (law 2): pinned when it is admitted, kept to its last token.
 *
 * <p>A swap is staged, then flipped in one store, then drained: requests without a version keep getting the old one until the
 * new one is on the device, and what runs keeps what it began with. A version that can't be staged leaves the old one serving
 * and is told to health.
 */
public final class ServingReplica extends AbstractBehavior<ServingReplica.Command> {
    private static final Logger LOG = LoggerFactory.getLogger(ServingReplica.class);

    public sealed interface Command {}

    /** {@code model} is the base, {@code tenant}, {@code tenant:version} or {@code tenant@alias}. */
    public record Generate(String model, int[] prompt, SamplingSettings sampling, ActorRef<Reply> replyTo)
            implements Command {}

    public record GetHealth(ActorRef<Health> replyTo) implements Command {}

    /** What does not serve as decided, one sentence each; empty when all is well. */
    public record Health(List<String> problems) {}

    private record Updated(AdapterDelta delta, AdapterImage image, List<Long> eventTimes) implements Command {}

    private record Loaded(String digest, LoraAdapter adapter) implements Command {}

    private record NotLoaded(String digest, Throwable cause) implements Command {}

    private record OnDevice(DeviceScheduler.StageReply reply) implements Command {}

    private record FirstToken(String tenant, int version, long nowMillis) implements Command {}

    private record Ended(Optional<String> digest) implements Command {}

    public sealed interface Reply {}

    /** {@code tenant} is empty for the base by its own name; version 0 is the base alone. */
    public record Admitted(
            Optional<String> tenant,
            int version,
            String digest,
            int promptTokens,
            Source<GenerationDelta, NotUsed> deltas)
            implements Reply {}

    public record Refused(ErrorCode code, String message) implements Reply {}

    /**
     * What the replica needs.
     *
     * @param mostTokens prompt and answer together
     * @param mostRequests running and waiting ones together
     */
    public record Environment(
            ServingSettings settings,
            String baseName,
            String baseDigest,
            ModelConfig model,
            int mostTokens,
            int mostRequests,
            ArtifactStore artifacts,
            TrustedKeys trustedKeys,
            ActorRef<DeviceScheduler.Command> device,
            Clock clock,
            Metrics metrics) {}

    private record Waiting(Generate request, Target target) {}

    private final Environment environment;
    private final Executor blocking;
    private final ActorRef<DeviceScheduler.StageReply> onDevice;
    private final Map<String, TenantTable> tenants = new TreeMap<>();
    private final AdapterSlots<Waiting> slots;
    private final Map<String, String> problems = new HashMap<>();
    private int requests;

    private ServingReplica(ActorContext<Command> context, Environment environment) {
        super(context);
        this.environment = environment;
        this.blocking = context.getSystem().dispatchers().lookup(DispatcherSelector.blocking());
        this.onDevice = context.messageAdapter(DeviceScheduler.StageReply.class, OnDevice::new);
        this.slots = new AdapterSlots<>(environment.settings().stagedAdapters());
    }

    public static Behavior<Command> create(Environment environment) {
        return Behaviors.setup(context -> new ServingReplica(context, environment));
    }

    /** Tells a replica what the registry decides. */
    public static AdapterPublisher publisher(ActorRef<Command> replica) {
        return (delta, image, manifest) -> replica.tell(new Updated(
                delta,
                image,
                manifest.map(published -> published.getEventTimeMillisList()).orElseGet(List::of)));
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder().onAnyMessage(this::onCommand).build();
    }

    private Behavior<Command> onCommand(Command command) {
        switch (command) {
            case Generate generate -> onGenerate(generate);
            case GetHealth get -> get.replyTo().tell(health());
            case Updated updated -> onUpdated(updated.image(), updated.eventTimes());
            case Loaded loaded ->
                environment.device().tell(new DeviceScheduler.Stage(loaded.digest(), loaded.adapter(), onDevice));
            case NotLoaded failed -> onNotStaged(failed.digest(), failed.cause());
            case OnDevice answered -> onStageReply(answered.reply());
            case FirstToken first -> onFirstToken(first);
            case Ended ended -> onEnded(ended);
        }
        return this;
    }

    private void onUpdated(AdapterImage image, List<Long> eventTimes) {
        TenantTable table = tenants.computeIfAbsent(
                image.tenant(),
                name -> new TenantTable(image, environment.settings().eventTimes()));
        table.decided(image);
        if (!eventTimes.isEmpty()) {
            table.learned(image.newestNumber(), eventTimes);
        }
        if (table.settled()) {
            return;
        }
        Optional<ManifestRefusal> refusal = table.refusal(image.serving(), environment.trustedKeys());
        if (refusal.isPresent()) {
            onNotVerified(image, refusal.get());
            return;
        }
        Optional<String> digest = image.servingVersion().map(AdapterVersion::digest);
        if (digest.isEmpty() || slot(digest.get()).staged().isPresent()) {
            flip(table);
        }
    }

    private void onNotVerified(AdapterImage image, ManifestRefusal refusal) {
        String problem = "%s:%d is not served: %s".formatted(image.tenant(), image.serving(), refusal.code());
        LOG.error("{}", problem);
        problems.put(image.tenant(), problem);
    }

    private void flip(TenantTable table) {
        int before = table.serving().orElse(0);
        String tenant = table.image().tenant();
        double seconds = table.flip();
        environment.metrics().swapped(tenant, before, table.image().serving(), seconds);
        problems.remove(tenant);
        LOG.info("{}:{} serves after {} s", tenant, table.image().serving(), seconds);
    }

    /** The slot of an adapter; one that was not there begins to be staged. */
    private AdapterSlots.Slot<Waiting> slot(String digest) {
        return slots.find(digest).orElseGet(() -> {
            AdapterSlots.Slot<Waiting> slot = slots.add(digest);
            getContext()
                    .pipeToSelf(
                            CompletableFuture.supplyAsync(() -> read(digest), blocking),
                            (adapter, failure) ->
                                    failure == null ? new Loaded(digest, adapter) : new NotLoaded(digest, failure));
            return slot;
        });
    }

    private LoraAdapter read(String digest) {
        try {
            return environment.artifacts().read(digest, environment.model());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void onStageReply(DeviceScheduler.StageReply reply) {
        switch (reply) {
            case DeviceScheduler.Staged staged -> onStaged(staged);
            case DeviceScheduler.NotStaged failed -> onNotStaged(failed.label(), failed.reason());
        }
    }

    private void onStaged(DeviceScheduler.Staged staged) {
        AdapterSlots.Slot<Waiting> slot = slots.find(staged.label()).orElseThrow();
        slot.staged(staged.adapter());
        tenants.values().stream()
                .filter(table -> !table.settled() && servesFrom(table, slot.digest()))
                .forEach(this::flip);
        while (!slot.waiting().isEmpty()) {
            Waiting waiting = slot.waiting().remove();
            admit(waiting.request(), waiting.target(), Optional.of(slot));
        }
        evict();
    }

    private void onNotStaged(String digest, Throwable cause) {
        LOG.error("adapter {} can't be staged", digest, cause);
        tenants.values().stream()
                .filter(table -> servesFrom(table, digest))
                .forEach(table -> problems.put(
                        table.image().tenant(),
                        "%s:%d can't be staged: %s"
                                .formatted(table.image().tenant(), table.image().serving(), cause.getMessage())));
        slots.find(digest).ifPresent(slot -> {
            slots.remove(slot);
            slot.waiting()
                    .forEach(waiting -> refuse(
                            waiting.request(),
                            ErrorCode.UNAVAILABLE,
                            "version %d of %s can't be staged"
                                    .formatted(
                                            waiting.target().number(),
                                            waiting.target().tenant().orElse(""))));
        });
    }

    private static boolean servesFrom(TenantTable table, String digest) {
        return table.image()
                .servingVersion()
                .filter(version -> version.digest().equals(digest))
                .isPresent();
    }

    private void onGenerate(Generate request) {
        if (request.prompt().length >= environment.mostTokens()) {
            refuse(
                    request,
                    ErrorCode.CONTEXT_LENGTH_EXCEEDED,
                    "the prompt has %d tokens, but at most %d fit together with the answer"
                            .formatted(request.prompt().length, environment.mostTokens()));
        } else if (requests >= environment.mostRequests()) {
            refuse(request, ErrorCode.OVERLOADED, "%d requests run or wait already".formatted(requests));
        } else {
            Target.of(request.model(), environment.baseName(), tenants)
                    .ifPresentOrElse(
                            target -> onTarget(request, target),
                            () -> refuse(
                                    request, ErrorCode.MODEL_NOT_FOUND, "no model '%s'".formatted(request.model())));
        }
    }

    private void onTarget(Generate request, Target target) {
        if (target.digest().isEmpty()) {
            admit(request, target, Optional.empty());
            return;
        }
        Optional<ManifestRefusal> refusal = target.tenant()
                .map(tenants::get)
                .flatMap(table -> table.refusal(target.number(), environment.trustedKeys()));
        if (refusal.isPresent()) {
            refuse(
                    request,
                    ErrorCode.UNAVAILABLE,
                    "'%s' is not served: %s"
                            .formatted(request.model(), refusal.get().code()));
            return;
        }
        AdapterSlots.Slot<Waiting> slot = slot(target.digest().get());
        if (slot.staged().isPresent()) {
            admit(request, target, Optional.of(slot));
        } else if (slot.waiting().size() < environment.settings().waitingForStaging()) {
            slot.waiting().add(new Waiting(request, target));
        } else {
            refuse(
                    request,
                    ErrorCode.OVERLOADED,
                    "%d requests wait for '%s' to be staged"
                            .formatted(slot.waiting().size(), request.model()));
        }
    }

    private void admit(Generate request, Target target, Optional<AdapterSlots.Slot<Waiting>> slot) {
        slot.ifPresent(slots::use);
        requests++;
        Pair<BoundedSourceQueue<GenerationDelta>, Source<GenerationDelta, NotUsed>> stream =
                Source.<GenerationDelta>queue(request.sampling().maxTokens() + 1)
                        .preMaterialize(getContext().getSystem());
        Optional<StagedAdapter> staged = slot.flatMap(AdapterSlots.Slot::staged);
        TokenStream sink = new TokenStream(stream.first(), environment.metrics(), listener(target));
        environment.metrics().admitted(request.prompt().length);
        environment.device().tell(new DeviceScheduler.Generate(request.prompt(), request.sampling(), staged, sink));
        request.replyTo()
                .tell(new Admitted(
                        target.tenant(),
                        target.number(),
                        target.digest().orElse(environment.baseDigest()),
                        request.prompt().length,
                        stream.second()));
    }

    private TokenStream.Listener listener(Target target) {
        ActorRef<Command> self = getContext().getSelf();
        Clock clock = environment.clock();
        return new TokenStream.Listener() {
            @Override
            public void onFirstToken() {
                target.tenant().ifPresent(tenant -> self.tell(new FirstToken(tenant, target.number(), clock.millis())));
            }

            @Override
            public void onEnded() {
                self.tell(new Ended(target.digest()));
            }
        };
    }

    private void onFirstToken(FirstToken first) {
        Optional.ofNullable(tenants.get(first.tenant())).ifPresent(table -> table.firstServed(first.version())
                .forEach(eventTime -> environment.metrics().fresh(Math.max(0, first.nowMillis() - eventTime) / 1e3)));
    }

    private void onEnded(Ended ended) {
        requests--;
        ended.digest().ifPresent(slots::unuse);
        evict();
    }

    private void evict() {
        Optional<StagedAdapter> evicted = slots.evict(this::rank);
        evicted.ifPresent(adapter -> environment.device().tell(new DeviceScheduler.Release(adapter)));
    }

    /** What serves is wanted most, then what a rollback would take. */
    private int rank(String digest) {
        int rank = 0;
        for (TenantTable table : tenants.values()) {
            AdapterImage image = table.image();
            OptionalInt number = image.versions().stream()
                    .filter(version -> version.digest().equals(digest))
                    .mapToInt(AdapterVersion::number)
                    .findFirst();
            if (number.isPresent() && (number.getAsInt() == image.serving() || number.equals(table.serving()))) {
                return 2;
            }
            if (number.isPresent() && number.equals(image.previous())) {
                rank = 1;
            }
        }
        return rank;
    }

    private Health health() {
        List<String> unsettled = tenants.values().stream()
                .filter(table -> !table.settled())
                .map(table -> problems.getOrDefault(
                        table.image().tenant(),
                        "%s:%d is being staged"
                                .formatted(table.image().tenant(), table.image().serving())))
                .toList();
        return new Health(unsettled);
    }

    private void refuse(Generate request, ErrorCode code, String message) {
        request.replyTo().tell(new Refused(code, message));
    }
}
