package io.livegraft.actors.registry;

import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import com.fasterxml.jackson.databind.annotation.JsonSerialize;
import io.livegraft.actors.evaluation.EvaluationReport;
import io.livegraft.actors.signing.SigningKey;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.proto.checkpoint.PublishManifest;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
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
 * Decides about one tenant's adapter versions, durably, one after the other: a shell around {@link OfferRules} and
 * {@link ChangeRules}.
 */
public final class AdapterRegistry extends EventSourcedBehavior<AdapterRegistry.Command, RecordedEvent, RegistryState> {
    static final String PERSISTENCE_PREFIX = "adapter|";
    /** Of every event, so that all can be read along. */
    static final String TAG = "adapter";

    public sealed interface Command extends RegistryMessage {}

    /** What is answered. */
    public sealed interface Request extends Command {
        ActorRef<Reply> replyTo();
    }

    /** Ends this registry's life in memory; the next command begins another. */
    record Passivate() implements Command {}

    /** Asks for the image of a known tenant. */
    public record Read(ActorRef<Reply> replyTo) implements Request {}

    /**
     * Makes the tenant known; again is fine.
     *
     * @param epoch of the assignment of its partition: whoever had it before can't offer any more
     */
    public record Register(long epoch, ActorRef<Reply> replyTo) implements Request {}

    /** Accepts a version that passed the gate. */
    public record Publish(
            @JsonSerialize(using = ManifestJson.Writer.class) @JsonDeserialize(using = ManifestJson.Reader.class)
            PublishManifest manifest,

            EvaluationReport evaluation,
            ActorRef<Reply> replyTo)
            implements Request {}

    /** Records a version that the gate refused. */
    public record Refuse(
            @JsonSerialize(using = ManifestJson.Writer.class) @JsonDeserialize(using = ManifestJson.Reader.class)
            PublishManifest manifest,

            String reason,
            ActorRef<Reply> replyTo)
            implements Request {}

    /** Asks whether an offer was decided before, or its line is over, which decides it too. */
    public record Lookup(String digest, long lineOffset, ActorRef<Reply> replyTo) implements Request {}

    /**
     * Begins a new line of offers, once: training has read its log again.
     *
     * @param action of the control entry that made it do so: reset or forget
     * @param offset of that entry
     * @param droppedFrom versions from this offset on hold what was forgotten and are dropped
     * @param epoch of the assignment of the tenant's partition, as in offers
     * @param digest of the state that the new line begins with: a version with these very bits holds nothing else
     */
    public record BeginLine(
            String action,
            long offset,
            OptionalLong droppedFrom,
            String digest,
            long epoch,
            String principal,
            String reason,
            ActorRef<Reply> replyTo)
            implements Request {}

    /** An operator's wish. */
    public sealed interface Change extends Request {
        Action action();
    }

    /** Without {@code to}, to the version that served before. */
    public record Rollback(OptionalInt to, Action action, ActorRef<Reply> replyTo) implements Change {
        int target(AdapterImage image) {
            return to.orElseGet(() -> image.previous().orElse(0));
        }
    }

    public record Promote(int to, Action action, ActorRef<Reply> replyTo) implements Change {}

    public record Hold(Action action, ActorRef<Reply> replyTo) implements Change {}

    public record Resume(Action action, ActorRef<Reply> replyTo) implements Change {}

    /** Who asks for a change, why and on what condition; {@code expectedServing} is If-Match. */
    public record Action(
            String principal,
            String reason,
            OptionalInt expectedServing,
            boolean dryRun,
            Optional<IdempotencyKey> key) {}

    public sealed interface Reply extends RegistryMessage {}

    /** The image after the command, or after what a dry run would have done. */
    public record Done(AdapterImage image) implements Reply {}

    /** The change was made before, under the same idempotency key; the image as it was then. */
    public record Repeated(AdapterImage image) implements Reply {}

    /** The offer was decided before; nothing changed. */
    public record AlreadyDecided(AdapterImage image) implements Reply {}

    /** The offer became the candidate, because publishing is held. */
    public record KeptAsCandidate(AdapterImage image) implements Reply {}

    public record Refused(RefusalReason reason, String message) implements Reply {
        public ErrorCode code() {
            return reason.error();
        }
    }

    /**
     * What every registry needs.
     *
     * @param configDigest of this node's settings
     * @param key signs what is published
     */
    public record Environment(
            String baseDigest,
            String configDigest,
            RegistrySettings settings,
            Clock clock,
            SigningKey key,
            AdapterPublisher publisher) {
        Environment with(AdapterPublisher other) {
            return new Environment(baseDigest, configDigest, settings, clock, key, other);
        }
    }

    private final String tenant;
    private final Environment environment;
    private final OfferRules offers;
    private final ChangeRules changes;

    private AdapterRegistry(String tenant, Environment environment) {
        super(
                PersistenceId.ofUniqueId(PERSISTENCE_PREFIX + tenant),
                SupervisorStrategy.restartWithBackoff(Duration.ofMillis(200), Duration.ofSeconds(10), 0.1));
        this.tenant = tenant;
        this.environment = environment;
        this.offers = new OfferRules(tenant, environment.baseDigest(), environment.configDigest(), environment.key());
        this.changes = new ChangeRules(tenant, environment.settings());
    }

    public static Behavior<Command> create(String tenant, Environment environment) {
        return new AdapterRegistry(tenant, environment);
    }

    static RegistryDecision unknown(String tenant) {
        return RegistryDecision.refuse(RefusalReason.TENANT_UNKNOWN, "no tenant '%s'".formatted(tenant));
    }

    @Override
    public RegistryState emptyState() {
        return RegistryState.empty(tenant);
    }

    @Override
    public EventHandler<RegistryState, RecordedEvent> eventHandler() {
        return (state, recorded) -> state.apply(recorded.event(), environment.settings());
    }

    @Override
    public CommandHandler<Command, RecordedEvent, RegistryState> commandHandler() {
        return this::onCommand;
    }

    @Override
    public SignalHandler<RegistryState> signalHandler() {
        return newSignalHandlerBuilder()
                .onSignal(RecoveryCompleted.instance(), state -> environment
                        .publisher()
                        .onUpdate(new AdapterDelta.Recovered(), state.image(), Optional.empty()))
                .build();
    }

    @Override
    public RetentionCriteria retentionCriteria() {
        return RetentionCriteria.snapshotEvery(100, 2);
    }

    @Override
    public Set<String> tagsFor(RecordedEvent recorded) {
        return Set.of(TAG);
    }

    private ReplyEffect<RecordedEvent, RegistryState> onCommand(RegistryState state, Command command) {
        return switch (command) {
            case Passivate passivate -> Effect().stop().thenNoReply();
            case Request request ->
                switch (decide(state, request, environment.clock().instant())) {
                    case RegistryDecision.Answer answer -> Effect().reply(request.replyTo(), answer.reply());
                    case RegistryDecision.Accept accept -> persist(state, request, accept);
                };
        };
    }

    private RegistryDecision decide(RegistryState state, Request request, Instant now) {
        return switch (request) {
            case Read read ->
                state.registered() ? new RegistryDecision.Answer(new Done(state.image())) : unknown(tenant);
            case Register register -> offers.register(state, register.epoch(), now);
            case Publish publish -> offers.publish(state, publish.manifest(), publish.evaluation(), now);
            case Refuse refuse -> offers.refuse(state, refuse.manifest(), refuse.reason(), now);
            case Lookup lookup ->
                new RegistryDecision.Answer(
                        lookup.lineOffset() < state.lineOffset()
                                        || state.decided().contains(lookup.digest())
                                ? new AlreadyDecided(state.image())
                                : new Done(state.image()));
            case BeginLine line -> offers.beginLine(state, line, now);
            case Change change -> changes.decide(state, change, now);
        };
    }

    private ReplyEffect<RecordedEvent, RegistryState> persist(
            RegistryState before, Request request, RegistryDecision.Accept accept) {
        AdapterEvent event = accept.event();
        AdapterImage after = before.apply(event, environment.settings()).image();
        List<AdapterVersion> dropped = before.image().versions().stream()
                .filter(version -> !retained(after, version.digest()))
                .toList();
        boolean candidate = event instanceof AdapterEvent.Published published && published.held();
        return Effect()
                .persist(new RecordedEvent(event, Standing.of(after)))
                .thenRun(state -> environment
                        .publisher()
                        .onUpdate(new AdapterDelta.Accepted(event, dropped), state.image(), accept.manifest()))
                .thenReply(
                        request.replyTo(),
                        state -> candidate ? new KeptAsCandidate(state.image()) : new Done(state.image()));
    }

    /** Two versions may have the same bits, and so the same files. */
    private static boolean retained(AdapterImage image, String digest) {
        return image.versions().stream().anyMatch(version -> version.digest().equals(digest));
    }
}
