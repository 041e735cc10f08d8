package io.livegraft.actors.supervisor;

import io.livegraft.gpu.training.Lesson;
import io.livegraft.gpu.training.Loss;
import io.livegraft.proto.checkpoint.PublishManifest;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.SupervisorStrategy;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;

/** Runs one {@link Publication} for each offer until it is decided; a failed one starts again from its beginning. */
public final class Supervisor extends AbstractBehavior<Supervisor.Command> {
    public sealed interface Command {}

    /**
     * A version whose files and checkpoint are durable. A trainer has one undecided offer at a time.
     *
     * @param heldOut what to evaluate it on, oldest first
     * @param loss that it was trained with
     */
    public record Offer(PublishManifest manifest, List<Lesson> heldOut, Loss loss, ActorRef<OfferReply> replyTo)
            implements Command {}

    public sealed interface OfferReply {}

    /** Published, kept as candidate or refused: not the trainer's business. */
    public record OfferDecided(String adapterDigest) implements OfferReply {}

    /** The trainer's partition belongs to somebody else by now; it must stop. */
    public record OfferFenced(String reason) implements OfferReply {}

    /** The base's scores of the general set, which no later offer needs to measure again. */
    record BaseMeasured(List<Double> nats) implements Command {}

    private final Publication.Environment environment;
    private long offers;
    private Optional<List<Double>> baseOnGeneral = Optional.empty();

    private Supervisor(ActorContext<Command> context, Publication.Environment environment) {
        super(context);
        this.environment = environment;
    }

    public static Behavior<Command> create(Publication.Environment environment) {
        return Behaviors.setup(context -> new Supervisor(context, environment));
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder().onAnyMessage(this::onCommand).build();
    }

    private Behavior<Command> onCommand(Command command) {
        switch (command) {
            case Offer offer -> onOffer(offer);
            case BaseMeasured measured -> baseOnGeneral = Optional.of(measured.nats());
        }
        return this;
    }

    private void onOffer(Offer offer) {
        Behavior<Publication.Command> publication = Behaviors.supervise(Publication.create(
                        environment, offer, baseOnGeneral, getContext().getSelf()))
                .onFailure(SupervisorStrategy.restartWithBackoff(Duration.ofSeconds(1), Duration.ofSeconds(30), 0.1));
        getContext()
                .spawn(
                        publication,
                        "publication-%s-%d".formatted(offer.manifest().getTenant(), ++offers));
    }
}
