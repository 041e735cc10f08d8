package io.livegraft.actors.registry;

import io.livegraft.actors.evaluation.EvaluationReport;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.proto.checkpoint.PublishManifest;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.SupervisorStrategy;
import org.apache.pekko.persistence.typed.PersistenceId;
import org.apache.pekko.persistence.typed.RecoveryCompleted;
import org.apache.pekko.persistence.typed.javadsl.CommandHandler;
import org.apache.pekko.persistence.typed.javadsl.Effect;
import org.apache.pekko.persistence.typed.javadsl.EventHandler;
import org.apache.pekko.persistence.typed.javadsl.EventSourcedBehavior;
import org.apache.pekko.persistence.typed.javadsl.ReplyEffect;
import org.apache.pekko.persistence.typed.javadsl.RetentionCriteria;
import org.apache.pekko.persistence.typed.javadsl.SignalHandler;

/**
 * Decides about one tenant's adapter versions, durably, one after the other.
 *
 * <p>Publish is compare-and-set on the line of offers: an offer must have grown from the offer decided last, whether that one
 * was published, held or refused, so a rollback or a hold never breaks the line; the same offer twice is accepted once.
 */
public final class AdapterRegistry extends EventSourcedBehavior<AdapterRegistry.Command, AdapterEvent, RegistryState> {
    static final String PERSISTENCE_PREFIX = "adapter|";

    public sealed interface Command {
        ActorRef<Reply> replyTo();
    }

    /** Makes the tenant known; again is fine. */
    public record Register(ActorRef<Reply> replyTo) implements Command {}

    /** Accepts a version that passed the gate. */
    public record Publish(PublishManifest manifest, EvaluationReport evaluation, ActorRef<Reply> replyTo)
            implements Command {}

    /** Records a version that the gate refused. */
    public record Refuse(PublishManifest manifest, String reason, ActorRef<Reply> replyTo) implements Command {}

    /** Asks whether an offer was decided before. */
    public record Lookup(String digest, ActorRef<Reply> replyTo) implements Command {}

    public record Rollback(OptionalInt to, Action action, ActorRef<Reply> replyTo) implements Command {}

    public record Promote(int to, Action action, ActorRef<Reply> replyTo) implements Command {}

    public record Hold(Action action, ActorRef<Reply> replyTo) implements Command {}

    public record Resume(Action action, ActorRef<Reply> replyTo) implements Command {}

    /** Who asks for a change and on what condition; {@code expectedServing} is If-Match. */
    public record Action(String principal, String reason, OptionalInt expectedServing, boolean dryRun) {}

    public sealed interface Reply {}

    /** The image after the command, or after what a dry run would have done. */
    public record Done(AdapterImage image) implements Reply {}

    /** The offer was decided before; nothing changed. */
    public record AlreadyDecided(AdapterImage image) implements Reply {}

    /** The offer became the candidate, because publishing is held. */
    public record KeptAsCandidate(AdapterImage image) implements Reply {}

    public record Refused(ErrorCode code, String message) implements Reply {}

    private final String tenant;
    private final String baseDigest;
    private final RegistrySettings settings;
    private final Clock clock;
    private final AdapterPublisher publisher;

    private AdapterRegistry(
            String tenant, String baseDigest, RegistrySettings settings, Clock clock, AdapterPublisher publisher) {
        super(
                PersistenceId.ofUniqueId(PERSISTENCE_PREFIX + tenant),
                SupervisorStrategy.restartWithBackoff(Duration.ofMillis(200), Duration.ofSeconds(10), 0.1));
        this.tenant = tenant;
        this.baseDigest = baseDigest;
        this.settings = settings;
        this.clock = clock;
        this.publisher = publisher;
    }

    public static Behavior<Command> create(
            String tenant, String baseDigest, RegistrySettings settings, Clock clock, AdapterPublisher publisher) {
        return new AdapterRegistry(tenant, baseDigest, settings, clock, publisher);
    }

    @Override
    public RegistryState emptyState() {
        return RegistryState.empty(tenant);
    }

    @Override
    public EventHandler<RegistryState, AdapterEvent> eventHandler() {
        return (state, event) -> state.apply(event, settings);
    }

    @Override
    public CommandHandler<Command, AdapterEvent, RegistryState> commandHandler() {
        return this::onCommand;
    }

    @Override
    public SignalHandler<RegistryState> signalHandler() {
        return newSignalHandlerBuilder()
                .onSignal(
                        RecoveryCompleted.instance(),
                        state -> publisher.onUpdate(new AdapterDelta.Recovered(), state.image(), Optional.empty()))
                .build();
    }

    @Override
    public RetentionCriteria retentionCriteria() {
        return RetentionCriteria.snapshotEvery(100, 2);
    }

    private ReplyEffect<AdapterEvent, RegistryState> onCommand(RegistryState state, Command command) {
        return switch (command) {
            case Register register ->
                state.registered()
                        ? reply(register, new Done(state.image()))
                        : persist(register, new AdapterEvent.Registered(clock.instant()), Optional.empty());
            case Publish publish -> onPublish(state, publish);
            case Refuse refuse -> onRefuse(state, refuse);
            case Lookup lookup ->
                reply(
                        lookup,
                        state.decided().contains(lookup.digest())
                                ? new AlreadyDecided(state.image())
                                : new Done(state.image()));
            case Rollback rollback -> onRollback(state, rollback);
            case Promote promote -> onPromote(state, promote);
            case Hold hold ->
                onAction(
                        state,
                        hold,
                        hold.action(),
                        new AdapterEvent.HoldPlaced(
                                clock.instant(),
                                hold.action().principal(),
                                hold.action().reason()));
            case Resume resume ->
                onAction(
                        state,
                        resume,
                        resume.action(),
                        new AdapterEvent.HoldLifted(
                                clock.instant(),
                                resume.action().principal(),
                                resume.action().reason()));
        };
    }

    private ReplyEffect<AdapterEvent, RegistryState> onPublish(RegistryState state, Publish publish) {
        PublishManifest manifest = publish.manifest();
        Optional<Reply> refusal = refusal(state, manifest);
        if (refusal.isPresent()) {
            return reply(publish, refusal.get());
        }
        AdapterVersion version = new AdapterVersion(
                state.image().newestNumber() + 1,
                manifest.getAdapterDigest(),
                manifest.getParentDigest(),
                manifest.getStep(),
                manifest.getPartition(),
                manifest.getOffset(),
                publish.evaluation(),
                clock.instant());
        boolean held = state.image().held();
        return persist(
                publish,
                new AdapterEvent.Published(clock.instant(), version, held),
                held ? Optional.empty() : Optional.of(manifest));
    }

    private ReplyEffect<AdapterEvent, RegistryState> onRefuse(RegistryState state, Refuse refuse) {
        PublishManifest manifest = refuse.manifest();
        Optional<Reply> refusal = refusal(state, manifest);
        return refusal.isPresent()
                ? reply(refuse, refusal.get())
                : persist(
                        refuse,
                        new AdapterEvent.OfferRefused(
                                clock.instant(),
                                manifest.getAdapterDigest(),
                                manifest.getParentDigest(),
                                refuse.reason()),
                        Optional.empty());
    }

    /** Why an offer can't be decided (again): it was before, its base is another one, or it is not next in line. */
    private Optional<Reply> refusal(RegistryState state, PublishManifest manifest) {
        if (!manifest.getBaseDigest().equals(baseDigest)) {
            return Optional.of(new Refused(
                    ErrorCode.CONFLICT,
                    "the adapter of %s was trained on base %s, but base %s is served"
                            .formatted(tenant, manifest.getBaseDigest(), baseDigest)));
        }
        if (state.decided().contains(manifest.getAdapterDigest())) {
            return Optional.of(new AlreadyDecided(state.image()));
        }
        if (!state.head().isEmpty() && !manifest.getParentDigest().equals(state.head())) {
            return Optional.of(new Refused(
                    ErrorCode.CONFLICT,
                    "the adapter of %s is stale: it grew from '%s', but the last one offered was '%s'"
                            .formatted(tenant, manifest.getParentDigest(), state.head())));
        }
        return Optional.empty();
    }

    private ReplyEffect<AdapterEvent, RegistryState> onRollback(RegistryState state, Rollback rollback) {
        AdapterImage image = state.image();
        int to = rollback.to().orElseGet(() -> image.previous().orElse(0));
        Optional<Reply> refusal = targetRefusal(image, to);
        return refusal.isPresent()
                ? reply(rollback, refusal.get())
                : onAction(
                        state,
                        rollback,
                        rollback.action(),
                        new AdapterEvent.RolledBack(
                                clock.instant(),
                                to,
                                rollback.action().principal(),
                                rollback.action().reason()));
    }

    private ReplyEffect<AdapterEvent, RegistryState> onPromote(RegistryState state, Promote promote) {
        Optional<Reply> refusal = targetRefusal(state.image(), promote.to());
        return refusal.isPresent()
                ? reply(promote, refusal.get())
                : onAction(
                        state,
                        promote,
                        promote.action(),
                        new AdapterEvent.Promoted(
                                clock.instant(),
                                promote.to(),
                                promote.action().principal(),
                                promote.action().reason()));
    }

    private Optional<Reply> targetRefusal(AdapterImage image, int to) {
        if (to == image.serving()) {
            return Optional.of(
                    new Refused(ErrorCode.CONFLICT, "version %d of %s serves already".formatted(to, tenant)));
        }
        if (to != 0 && image.version(to).isEmpty()) {
            return Optional.of(new Refused(
                    ErrorCode.MODEL_NOT_FOUND,
                    "%s has no version %d; retained are 0 (the base) and %s"
                            .formatted(
                                    tenant,
                                    to,
                                    image.versions().stream()
                                            .map(AdapterVersion::number)
                                            .toList())));
        }
        return Optional.empty();
    }

    private ReplyEffect<AdapterEvent, RegistryState> onAction(
            RegistryState state, Command command, Action action, AdapterEvent event) {
        int serving = state.image().serving();
        if (action.expectedServing().isPresent() && action.expectedServing().getAsInt() != serving) {
            return reply(
                    command,
                    new Refused(
                            ErrorCode.CONFLICT,
                            "version %d of %s was expected to serve, but version %d does"
                                    .formatted(action.expectedServing().getAsInt(), tenant, serving)));
        }
        return action.dryRun()
                ? reply(command, new Done(state.image().apply(event, settings)))
                : persist(command, event, Optional.empty());
    }

    private ReplyEffect<AdapterEvent, RegistryState> reply(Command command, Reply reply) {
        return Effect().reply(command.replyTo(), reply);
    }

    private ReplyEffect<AdapterEvent, RegistryState> persist(
            Command command, AdapterEvent event, Optional<PublishManifest> manifest) {
        boolean candidate = event instanceof AdapterEvent.Published published && published.held();
        return Effect()
                .persist(event)
                .thenRun(state -> publisher.onUpdate(new AdapterDelta.Accepted(event), state.image(), manifest))
                .thenReply(
                        command.replyTo(),
                        state -> candidate ? new KeptAsCandidate(state.image()) : new Done(state.image()));
    }
}
