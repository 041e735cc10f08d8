package io.livegraft.actors.serving;

import io.livegraft.actors.checkpoint.ArtifactStore;
import io.livegraft.actors.device.DeviceScheduler;
import io.livegraft.actors.metrics.AdapterTier;
import io.livegraft.actors.metrics.Metrics;
import io.livegraft.actors.metrics.SwapPart;
import io.livegraft.actors.registry.AdapterDelta;
import io.livegraft.actors.registry.AdapterImage;
import io.livegraft.actors.registry.AdapterPublisher;
import io.livegraft.actors.registry.AdapterRegistry;
import io.livegraft.actors.registry.AdapterUpdate;
import io.livegraft.actors.registry.AdapterVersion;
import io.livegraft.actors.registry.ManifestRefusal;
import io.livegraft.actors.registry.Manifests;
import io.livegraft.actors.registry.RegistryGuardian;
import io.livegraft.actors.registry.TenantName;
import io.livegraft.actors.signing.TrustedKeys;
import io.livegraft.gpu.engine.StagedAdapter;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.generation.GenerationDelta;
import io.livegraft.gpu.generation.SamplingSettings;
import io.livegraft.gpu.lora.LoraAdapter;
import io.livegraft.gpu.model.ModelConfig;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
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
import org.apache.pekko.stream.javadsl.Source;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers requests, each with exactly one version (law 2): pinned when it is admitted, kept to its last token.
 *
 * <p>A swap is staged, then flipped in one store, then drained: requests without a version keep getting the old one until the
 * new one is on the device, and what runs keeps what it began with. A version that can't be staged leaves the old one serving
 * and is told to health. The flip is a message of its own, made ready in one before and told to metrics in one after: requests
 * go between them. Who asks for the tenant before that message comes flips, so that whoever knows of a decision gets what was
 * decided.
 *
 * <p>A third of this file are its messages. What they lead to is elsewhere: {@link Decisions} on their way to serving, {@link
 * Residency} of adapters, {@link Admission} to the device; here is who waits for what, and who is refused.
 */
public final class ServingReplica extends AbstractBehavior<ServingReplica.Command> {
    private static final Logger LOG = LoggerFactory.getLogger(ServingReplica.class);

    private static final Duration ASK = Duration.ofSeconds(10);

    public sealed interface Command {}

    /**
     * Asks for one answer or several, all by one version.
     *
     * @param model the base, {@code tenant}, {@code tenant:version} or {@code tenant@alias}
     * @param choices one for each answer, at least one
     * @param deadlineNanos of {@link System#nanoTime}: after it nobody wants what is not done
     */
    public record Generate(
            String model,
            int[] prompt,
            List<SamplingSettings> choices,
            OptionalLong deadlineNanos,
            ActorRef<Reply> replyTo)
            implements Command {
        public Generate {
            choices = List.copyOf(choices);
        }
    }

    /** Where to ask for tenants that are not known here yet; told once, because registry and replica need each other. */
    public record UseRegistry(ActorRef<RegistryGuardian.Command> registry) implements Command {}

    public record GetHealth(ActorRef<Health> replyTo) implements Command {}

    /** What does not serve as decided, one sentence each; empty when all is well. */
    public record Health(List<String> problems) {}

    /** A decision of a registry on another node, or on this one. */
    public record Decided(AdapterUpdate update) implements Command {}

    /** Asks how far this replica is. */
    public record GetRevisions(ActorRef<Revisions> replyTo) implements Command {}

    /** The revision of the image of each tenant that is known here. */
    public record Revisions(Map<String, Long> byTenant) {}

    /** The registry knows more of these tenants than this replica was told. */
    public record AskAgain(List<String> tenants) implements Command {}

    private record Updated(AdapterDelta delta, AdapterImage image, List<Long> eventTimes) implements Command {}

    private record Verified(AdapterImage image, AdapterVersion version, Optional<ManifestRefusal> refusal)
            implements Command {}

    private record Loaded(AdapterSlots.Key key, LoraAdapter adapter) implements Command {}

    private record NotLoaded(AdapterSlots.Key key, Throwable cause) implements Command {}

    private record OnDevice(DeviceScheduler.StageReply reply) implements Command {}

    /** The version that a table is ready for begins to serve. */
    private record Flip(TenantTable table) implements Command {}

    /** Metrics and logs are told of what serves: not in the message that swaps, which holds up all others. */
    private enum Tell implements Command {
        INSTANCE
    }

    /** Those who waited for an adapter go on, by now on the device: not in the message that swaps, either. */
    private record GoOn(AdapterSlots.Key key) implements Command {}

    private record FirstToken(String tenant, int version, long nowMillis) implements Command {}

    private record Ended(Optional<AdapterSlots.Key> key) implements Command {}

    private record Late(Generate request) implements Command {}

    private record Asked(String tenant, AdapterRegistry.Reply reply) implements Command {}

    private record NotAsked(String tenant, Throwable cause) implements Command {}

    public sealed interface Reply {}

    /**
     * All choices are made by this version.
     *
     * @param tenant empty for the base by its own name
     * @param version 0 is the base alone
     * @param choices the tokens of each
     */
    public record Admitted(
            Optional<String> tenant,
            int version,
            String digest,
            int promptTokens,
            List<Source<GenerationDelta, NotUsed>> choices)
            implements Reply {}

    /** Nothing was begun; {@code retryAfter} says when the same request may be taken, where that can be told. */
    public record Refused(ErrorCode code, String message, Optional<Duration> retryAfter) implements Reply {}

    /**
     * What the replica needs.
     *
     * @param mostTokens prompt and answer together
     * @param mostRequests answers here and on the device together; the device refuses sooner, and knows when to come back
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
    private final AdapterReader reader;
    private final Swaps swaps;
    private final UnknownTenants<Generate> unknown = new UnknownTenants<>();

    private Optional<ActorRef<RegistryGuardian.Command>> registry = Optional.empty();
    private final Residency<Waiting> residency;
    private final Decisions decisions;
    private final Admission admission;
    private int requests;

    private ServingReplica(ActorContext<Command> context, Environment environment) {
        super(context);
        this.environment = environment;
        this.blocking = context.getSystem().dispatchers().lookup(DispatcherSelector.blocking());
        this.reader = new AdapterReader(environment.artifacts(), environment.model(), blocking);
        this.swaps = new Swaps(environment.settings(), environment.trustedKeys(), environment.metrics());
        this.residency = new Residency<>(
                environment.settings(),
                this::load,
                swaps::rank,
                environment.device(),
                context.messageAdapter(DeviceScheduler.StageReply.class, OnDevice::new),
                environment.metrics());
        this.decisions = new Decisions(
                swaps, residency, this::verify, table -> context.getSelf().tell(new Flip(table)));
        this.admission = new Admission(environment, context.getSystem(), listener(context.getSelf()));
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
        long began = System.nanoTime();
        long readied = swaps.readied();
        on(command, began);
        if (swaps.readied() > readied) {
            heldUp(SwapPart.BEFORE, began);
        }
        return this;
    }

    private void heldUp(SwapPart part, long began) {
        environment.metrics().swapHeldUp(part, (System.nanoTime() - began) / 1e9);
    }

    private void on(Command command, long began) {
        switch (command) {
            case Flip flip -> flip(flip.table(), began); // the first one that is looked for
            case Generate generate -> onGenerate(generate);
            case UseRegistry use -> registry = Optional.of(use.registry());
            case Asked asked -> onAsked(asked);
            case NotAsked failed -> onNotAsked(failed);
            case GetHealth get -> get.replyTo().tell(new Health(swaps.problems()));
            case Updated updated -> onUpdated(updated);
            case Decided decided ->
                decisions.decided(decided.update().image(), decided.update().eventTimes());
            case GetRevisions get -> get.replyTo().tell(new Revisions(swaps.revisions()));
            case AskAgain again ->
                registry.ifPresent(guardian -> again.tenants().forEach(tenant -> ask(guardian, tenant)));
            case Verified verified ->
                decisions.verified(verified.image().tenant(), verified.version(), verified.refusal());
            case Loaded loaded ->
                residency
                        .loaded(loaded.key(), loaded.adapter())
                        .ifPresent(refusal -> onNotStaged(loaded.key(), refusal));
            case NotLoaded failed -> onNotStaged(failed.key(), failed.cause());
            case OnDevice answered -> onStageReply(answered.reply());
            case Tell tell -> tell(began);
            case GoOn goOn -> onGoOn(goOn.key());
            case FirstToken first -> onFirstToken(first);
            case Ended ended -> onEnded(ended);
            case Late late -> onLate(late.request());
        }
    }

    private void flip(TenantTable table, long began) {
        if (swaps.flip(table, began)) {
            getContext().getSelf().tell(Tell.INSTANCE);
            heldUp(SwapPart.FLIP, began);
        }
    }

    private void tell(long began) {
        if (swaps.tell()) {
            heldUp(SwapPart.AFTER, began);
        }
    }

    private void onUpdated(Updated updated) {
        switch (updated.delta()) {
            case AdapterDelta.Recovered recovered -> decisions.recovered(updated.image());
            case AdapterDelta.Accepted accepted -> decisions.decided(updated.image(), updated.eventTimes());
        }
    }

    /** What can't be checked is not served. */
    private void verify(AdapterImage image, AdapterVersion version) {
        getContext()
                .pipeToSelf(
                        CompletableFuture.supplyAsync(
                                () -> Manifests.refusal(image, version, environment.trustedKeys()), blocking),
                        (refusal, failure) -> new Verified(
                                image,
                                version,
                                failure == null ? refusal : Optional.of(ManifestRefusal.SIGNATURE_INVALID)));
    }

    private AdapterTier load(AdapterSlots.Key key, Optional<LoraAdapter> kept) {
        AdapterTier tier = reader.tier(key.digest(), kept);
        getContext()
                .pipeToSelf(
                        reader.read(key.digest(), kept),
                        (loaded, failure) -> failure == null ? new Loaded(key, loaded) : new NotLoaded(key, failure));
        return tier;
    }

    private void onStageReply(DeviceScheduler.StageReply reply) {
        switch (reply) {
            case DeviceScheduler.Staged staged -> onStaged(staged);
            case DeviceScheduler.NotStaged failed -> onNotStaged(AdapterSlots.Key.of(failed.label()), failed.reason());
        }
    }

    private void onStaged(DeviceScheduler.Staged staged) {
        AdapterSlots.Key key = AdapterSlots.Key.of(staged.label());
        residency.staged(key, staged.adapter());
        decisions.staged(key);
        getContext().getSelf().tell(new GoOn(key));
    }

    private void onGoOn(AdapterSlots.Key key) {
        AdapterSlots.Slot<StagedAdapter, Waiting> slot = residency.slot(key);
        while (!slot.waiting().isEmpty()) {
            Waiting waiting = slot.waiting().remove();
            admit(waiting.request(), waiting.target(), Optional.of(slot));
        }
        residency.unuse(key);
    }

    private void onNotStaged(AdapterSlots.Key key, Throwable cause) {
        LOG.error("adapter {} can't be staged", key.label(), cause);
        swaps.notStaged(key, cause);
        residency.remove(key).ifPresent(slot -> slot.waiting()
                .forEach(waiting -> refuse(
                        waiting.request(),
                        ErrorCode.UNAVAILABLE,
                        "version %d of %s can't be staged"
                                .formatted(
                                        waiting.target().number(),
                                        waiting.target().tenant().orElse("")))));
    }

    private void onGenerate(Generate request) {
        if (request.prompt().length >= environment.mostTokens()) {
            refuse(
                    request,
                    ErrorCode.CONTEXT_LENGTH_EXCEEDED,
                    "the prompt has %d tokens, but at most %d fit together with the answer"
                            .formatted(request.prompt().length, environment.mostTokens()));
        } else if (requests + request.choices().size() > environment.mostRequests()) {
            refuse(
                    request,
                    ErrorCode.OVERLOADED,
                    "%d answers are made or wait already, at most %d do"
                            .formatted(requests, environment.mostRequests()));
        } else if (known(request.model())) {
            onKnown(request);
        } else {
            ask(ModelName.parse(request.model()).tenant(), request);
        }
    }

    private boolean known(String model) {
        return model.equals(environment.baseName())
                || swaps.find(ModelName.parse(model).tenant()).isPresent();
    }

    private void onKnown(Generate request) {
        swaps.find(ModelName.parse(request.model()).tenant()).ifPresent(table -> flip(table, System.nanoTime()));
        Target.of(request.model(), environment.baseName(), swaps.tenants())
                .ifPresentOrElse(target -> onTarget(request, target), () -> refuseUnknown(request));
    }

    /** The request waits for the registry's answer; it counts as running meanwhile. */
    private void ask(String tenant, Generate request) {
        if (registry.isEmpty() || !TenantName.isValid(tenant)) {
            refuseUnknown(request);
            return;
        }
        requests++;
        endWhenLate(request);
        if (unknown.add(tenant, request)) {
            ask(registry.get(), tenant);
        }
    }

    private void ask(ActorRef<RegistryGuardian.Command> guardian, String tenant) {
        getContext()
                .ask(
                        AdapterRegistry.Reply.class,
                        guardian,
                        ASK,
                        replyTo -> new RegistryGuardian.ForTenant(tenant, new AdapterRegistry.Read(replyTo)),
                        (reply, failure) -> failure == null ? new Asked(tenant, reply) : new NotAsked(tenant, failure));
    }

    private void onAsked(Asked asked) {
        if (asked.reply() instanceof AdapterRegistry.Done done) {
            decisions.decided(done.image(), List.of());
        }
        answered(asked.tenant()).forEach(request -> {
            if (known(request.model())) {
                onKnown(request);
            } else {
                refuseUnknown(request);
            }
        });
    }

    private void onNotAsked(NotAsked failed) {
        answered(failed.tenant())
                .forEach(request -> refuse(
                        request,
                        ErrorCode.UNAVAILABLE,
                        "the registry does not answer: %s"
                                .formatted(failed.cause().getMessage())));
    }

    private List<Generate> answered(String tenant) {
        List<Generate> waiting = unknown.answered(tenant);
        requests -= waiting.size();
        return waiting;
    }

    private void refuseUnknown(Generate request) {
        refuse(request, ErrorCode.MODEL_NOT_FOUND, "no model '%s'".formatted(request.model()));
    }

    private void onTarget(Generate request, Target target) {
        if (target.key().isEmpty()) {
            admit(request, target, Optional.empty());
            return;
        }
        Optional<ManifestRefusal> refusal =
                target.tenant().flatMap(swaps::find).flatMap(table -> swaps.refusal(table, target.number()));
        if (refusal.isPresent()) {
            refuse(
                    request,
                    ErrorCode.UNAVAILABLE,
                    "'%s' is not served: %s"
                            .formatted(request.model(), refusal.get().code()));
            return;
        }
        AdapterSlots.Slot<StagedAdapter, Waiting> slot =
                residency.slot(target.key().get());
        if (slot.open()) {
            admit(request, target, Optional.of(slot));
        } else if (slot.waiting().size() < environment.settings().waitingForStaging()) {
            slot.waiting().add(new Waiting(request, target));
            endWhenLate(request);
        } else {
            refuse(
                    request,
                    ErrorCode.OVERLOADED,
                    "%d requests wait for '%s' to be staged"
                            .formatted(slot.waiting().size(), request.model()));
        }
    }

    private void admit(Generate request, Target target, Optional<AdapterSlots.Slot<StagedAdapter, Waiting>> slot) {
        request.choices().forEach(_ -> slot.ifPresent(residency::use));
        requests += request.choices().size();
        admission.admit(request, target, slot.flatMap(AdapterSlots.Slot::staged));
    }

    /** Called on the device's thread. */
    private Admission.Listener listener(ActorRef<Command> self) {
        return new Admission.Listener() {
            @Override
            public void onFirstToken(String tenant, int version, long nowMillis) {
                self.tell(new FirstToken(tenant, version, nowMillis));
            }

            @Override
            public void onEnded(Optional<AdapterSlots.Key> key) {
                self.tell(new Ended(key));
            }
        };
    }

    private void onFirstToken(FirstToken first) {
        swaps.find(first.tenant()).ifPresent(table -> table.firstServed(first.version())
                .forEach(eventTime -> environment.metrics().fresh(Math.max(0, first.nowMillis() - eventTime) / 1e3)));
    }

    private void onEnded(Ended ended) {
        requests--;
        ended.key().ifPresent(residency::unuse);
    }

    /** Whoever waits here; on the device it is the device that looks at the clock. */
    private void endWhenLate(Generate request) {
        request.deadlineNanos().ifPresent(deadline -> {
            Duration left = Duration.ofNanos(Math.max(0, deadline - System.nanoTime()));
            getContext().scheduleOnce(left, getContext().getSelf(), new Late(request));
        });
    }

    private void onLate(Generate request) {
        boolean asking = unknown.remove(request);
        if (asking) {
            requests--;
        }
        if (asking || residency.removeWaiting(waiting -> waiting.request().equals(request))) {
            refuse(request, ErrorCode.DEADLINE_EXCEEDED, "'%s' was not there in time".formatted(request.model()));
        }
    }

    private void refuse(Generate request, ErrorCode code, String message) {
        request.replyTo().tell(new Refused(code, message, Optional.empty()));
    }
}
