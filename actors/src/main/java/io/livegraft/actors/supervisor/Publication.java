package io.livegraft.actors.supervisor;

import io.livegraft.actors.checkpoint.ArtifactStore;
import io.livegraft.actors.device.DeviceScheduler;
import io.livegraft.actors.evaluation.EvaluationGate;
import io.livegraft.actors.evaluation.EvaluationReport;
import io.livegraft.actors.evaluation.EvaluationSet;
import io.livegraft.actors.evaluation.EvaluationSettings;
import io.livegraft.actors.evaluation.GeneralSet;
import io.livegraft.actors.metrics.Metrics;
import io.livegraft.actors.registry.AdapterImage;
import io.livegraft.actors.registry.AdapterRegistry;
import io.livegraft.actors.registry.AdapterVersion;
import io.livegraft.actors.registry.RegistryGuardian;
import io.livegraft.gpu.lora.LoraAdapter;
import io.livegraft.gpu.model.ModelConfig;
import io.livegraft.proto.checkpoint.Evaluation;
import io.livegraft.proto.checkpoint.GeneralEvaluation;
import io.livegraft.proto.checkpoint.PublishManifest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One offer on its way: looked up in the registry (it may have been decided before a crash), evaluated against base and
 * parent, judged, published or refused. Every step can be done again.
 */
public final class Publication extends AbstractBehavior<Publication.Command> {
    private static final Logger LOG = LoggerFactory.getLogger(Publication.class);
    private static final Duration REGISTRY_PATIENCE = Duration.ofSeconds(10);

    sealed interface Command {}

    private record Answered(AdapterRegistry.Reply reply) implements Command {}

    private record Unanswered(
            Function<ActorRef<AdapterRegistry.Reply>, AdapterRegistry.Request> request, Throwable cause)
            implements Command {}

    private record Loaded(Map<Measurements.Subject, LoraAdapter> adapters) implements Command {}

    private record Evaluated(DeviceScheduler.WorkReply<List<Double>> reply) implements Command {}

    private record Broken(Throwable cause) implements Command {}

    /** What every publication needs. */
    public record Environment(
            ModelConfig model,
            EvaluationSettings settings,
            GeneralSet general,
            ArtifactStore artifacts,
            ActorRef<DeviceScheduler.Command> device,
            ActorRef<RegistryGuardian.Command> registry,
            Metrics metrics) {}

    private final Environment environment;
    private final Supervisor.Offer offer;
    private final EvaluationGate gate;
    private final EvaluationSet heldOut;
    private final Executor blocking;
    private final ActorRef<Supervisor.Command> supervisor;
    private final Measurements measurements = new Measurements();
    private final Map<Measurements.Subject, LoraAdapter> adapters = new EnumMap<>(Measurements.Subject.class);
    private boolean lookedUp;

    private Publication(
            ActorContext<Command> context,
            Environment environment,
            Supervisor.Offer offer,
            Optional<List<Double>> baseOnGeneral,
            ActorRef<Supervisor.Command> supervisor) {
        super(context);
        this.supervisor = supervisor;
        baseOnGeneral.ifPresent(nats -> measurements.know(Measurements.BASE_ON_GENERAL, nats));
        this.environment = environment;
        this.offer = offer;
        this.gate = new EvaluationGate(environment.settings());
        this.heldOut = EvaluationSet.latest(
                offer.heldOut(), offer.loss(), environment.settings().mostExamples());
        this.blocking = context.getSystem().dispatchers().lookup(DispatcherSelector.blocking());
        PublishManifest manifest = offer.manifest();
        askRegistry(
                answers -> new AdapterRegistry.Lookup(manifest.getAdapterDigest(), manifest.getLineOffset(), answers));
    }

    /**
     * Decides one offer.
     *
     * @param baseOnGeneral the base's scores of the general set, where they were measured before
     * @param supervisor told when they were not
     */
    static Behavior<Command> create(
            Environment environment,
            Supervisor.Offer offer,
            Optional<List<Double>> baseOnGeneral,
            ActorRef<Supervisor.Command> supervisor) {
        return Behaviors.setup(context -> new Publication(context, environment, offer, baseOnGeneral, supervisor));
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder().onAnyMessage(this::onCommand).build();
    }

    private Behavior<Command> onCommand(Command command) {
        return switch (command) {
            case Answered answered -> lookedUp ? onDecided(answered.reply()) : onLookedUp(answered.reply());
            case Unanswered unanswered -> {
                LOG.warn("{}: the registry does not answer; asking again", label(), unanswered.cause());
                askRegistry(unanswered.request());
                yield this;
            }
            case Loaded loaded -> onLoaded(loaded.adapters());
            case Evaluated evaluated -> onEvaluated(evaluated.reply());
            case Broken broken -> throw new IllegalStateException("publication " + label() + " failed", broken.cause());
        };
    }

    private Behavior<Command> onLookedUp(AdapterRegistry.Reply reply) {
        lookedUp = true;
        return switch (reply) {
            case AdapterRegistry.AlreadyDecided decided -> decided("repeated");
            case AdapterRegistry.Done found -> evaluate(found.image());
            case AdapterRegistry.KeptAsCandidate candidate -> throw unexpected(reply);
            case AdapterRegistry.Repeated repeated -> throw unexpected(reply);
            case AdapterRegistry.Refused refused -> throw unexpected(reply);
        };
    }

    private Behavior<Command> evaluate(AdapterImage image) {
        boolean parent = image.newest().isPresent();
        if (gate.decides(heldOut.size())) {
            measurements.want(Measurements.Examples.HELD_OUT, parent);
        }
        if (general().size() > 0) {
            measurements.want(Measurements.Examples.GENERAL, parent && gate.comparesGeneralWithParent());
        }
        if (measurements.next().isEmpty()) {
            return judge();
        }
        Optional<String> digest = image.newest().map(AdapterVersion::digest);
        getContext()
                .pipeToSelf(
                        CompletableFuture.supplyAsync(() -> load(digest), blocking),
                        (adapters, failure) -> failure == null ? new Loaded(adapters) : new Broken(failure));
        return this;
    }

    /** The base is no adapter. */
    private Map<Measurements.Subject, LoraAdapter> load(Optional<String> parent) {
        try {
            Map<Measurements.Subject, LoraAdapter> loaded = new EnumMap<>(Measurements.Subject.class);
            loaded.put(Measurements.Subject.CANDIDATE, read(offer.manifest().getAdapterDigest()));
            if (parent.isPresent()) {
                loaded.put(Measurements.Subject.PARENT, read(parent.get()));
            }
            return loaded;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private LoraAdapter read(String digest) throws IOException {
        return environment.artifacts().read(digest, environment.model());
    }

    private Behavior<Command> onLoaded(Map<Measurements.Subject, LoraAdapter> loaded) {
        adapters.putAll(loaded);
        return measureNext();
    }

    private Behavior<Command> measureNext() {
        Optional<Measurements.Scores> next = measurements.next();
        if (next.isEmpty()) {
            return judge();
        }
        Optional<LoraAdapter> adapter =
                Optional.ofNullable(adapters.get(next.get().subject()));
        EvaluationSet examples =
                switch (next.get().examples()) {
                    case HELD_OUT -> heldOut;
                    case GENERAL -> general();
                };
        ActorRef<DeviceScheduler.WorkReply<List<Double>>> replies =
                getContext().messageAdapter(workReply(), Evaluated::new);
        environment.device().tell(new DeviceScheduler.Evaluate(adapter, examples.sequences(), replies));
        return this;
    }

    @SuppressWarnings(
            "unchecked") // a class literal can't name type arguments; the device answers with the type asked for
    private static Class<DeviceScheduler.WorkReply<List<Double>>> workReply() {
        return (Class<DeviceScheduler.WorkReply<List<Double>>>) (Class<?>) DeviceScheduler.WorkReply.class;
    }

    private Behavior<Command> onEvaluated(DeviceScheduler.WorkReply<List<Double>> reply) {
        switch (reply) {
            case DeviceScheduler.WorkDone<List<Double>> done -> {
                if (measurements.next().equals(Optional.of(Measurements.BASE_ON_GENERAL))) {
                    supervisor.tell(new Supervisor.BaseMeasured(done.result()));
                }
                measurements.took(done.result());
            }
            case DeviceScheduler.WorkFailed<List<Double>> failed -> throw failed.reason();
        }
        return measureNext();
    }

    private Behavior<Command> judge() {
        EvaluationReport report = gate.judge(
                measurements.losses(Measurements.Examples.HELD_OUT, heldOut),
                measurements.losses(Measurements.Examples.GENERAL, general()),
                new EvaluationGate.Counts(
                        heldOut.size(), heldOut.targetTokens(), general().size()));
        return report.passed() ? publish(report) : refuse(report);
    }

    private EvaluationSet general() {
        return environment.general().examples();
    }

    private Behavior<Command> publish(EvaluationReport report) {
        askRegistry(answers -> new AdapterRegistry.Publish(evaluated(report), report, answers));
        return this;
    }

    private Behavior<Command> refuse(EvaluationReport report) {
        askRegistry(answers -> new AdapterRegistry.Refuse(evaluated(report), report.verdict(), answers));
        return this;
    }

    private PublishManifest evaluated(EvaluationReport report) {
        Evaluation.Builder evaluation = Evaluation.newBuilder()
                .setHeldOutExamples(report.heldOutExamples())
                .setHeldOutTokens(report.heldOutTokens())
                .setPassed(report.passed())
                .setVerdict(report.verdict());
        report.baseNll().ifPresent(evaluation::setBaseNll);
        report.parentNll().ifPresent(evaluation::setParentNll);
        report.candidateNll().ifPresent(evaluation::setCandidateNll);
        report.general().ifPresent(general -> evaluation.setGeneral(general(general)));
        return offer.manifest().toBuilder().setEvaluation(evaluation).build();
    }

    private static GeneralEvaluation general(EvaluationReport.General report) {
        GeneralEvaluation.Builder general = GeneralEvaluation.newBuilder()
                .setBaseNll(report.baseNll())
                .setCandidateNll(report.candidateNll())
                .setExamples(report.examples());
        report.parentNll().ifPresent(general::setParentNll);
        return general.build();
    }

    private Behavior<Command> onDecided(AdapterRegistry.Reply reply) {
        return switch (reply) {
            case AdapterRegistry.Done done -> {
                boolean published = done.image()
                        .servingVersion()
                        .filter(version ->
                                version.digest().equals(offer.manifest().getAdapterDigest()))
                        .isPresent();
                yield decided(published ? "published" : "refused");
            }
            case AdapterRegistry.KeptAsCandidate candidate -> decided("held");
            case AdapterRegistry.AlreadyDecided already -> decided("repeated");
            case AdapterRegistry.Repeated repeated -> throw unexpected(reply);
            case AdapterRegistry.Refused refused -> onRefused(refused);
        };
    }

    private Behavior<Command> onRefused(AdapterRegistry.Refused refused) {
        LOG.error("the registry refused {}: {}", label(), refused.message());
        return switch (refused.reason()) {
            case EPOCH_STALE -> {
                environment.metrics().offerDecided("fenced");
                offer.replyTo().tell(new Supervisor.OfferFenced(refused.message()));
                yield Behaviors.stopped();
            }
            // Nodes with other settings run at the same time, as in a rolling change: it passes.
            case CONFIG_FOREIGN -> throw new IllegalStateException(refused.message());
            case TENANT_UNKNOWN,
                    VERSION_UNKNOWN,
                    TENANT_FOREIGN,
                    BASE_FOREIGN,
                    LINE_STALE,
                    PARENT_STALE,
                    SERVES_ALREADY,
                    SERVING_DIFFERS,
                    KEY_REUSED -> decided("refused");
        };
    }

    private Behavior<Command> decided(String outcome) {
        LOG.info("{}: {}", label(), outcome);
        environment.metrics().offerDecided(outcome);
        offer.replyTo().tell(new Supervisor.OfferDecided(offer.manifest().getAdapterDigest()));
        return Behaviors.stopped();
    }

    /** A registry that does not answer may be on its way to another node; it decides what it is asked twice only once. */
    private void askRegistry(Function<ActorRef<AdapterRegistry.Reply>, AdapterRegistry.Request> request) {
        getContext()
                .ask(
                        AdapterRegistry.Reply.class,
                        environment.registry(),
                        REGISTRY_PATIENCE,
                        answers ->
                                new RegistryGuardian.ForTenant(offer.manifest().getTenant(), request.apply(answers)),
                        (reply, failure) -> failure == null ? new Answered(reply) : new Unanswered(request, failure));
    }

    private IllegalStateException unexpected(AdapterRegistry.Reply reply) {
        return new IllegalStateException("%s: the registry answered %s to a lookup".formatted(label(), reply));
    }

    private String label() {
        PublishManifest manifest = offer.manifest();
        return "offer of %s step %d (%s)"
                .formatted(manifest.getTenant(), manifest.getStep(), manifest.getAdapterDigest());
    }
}
