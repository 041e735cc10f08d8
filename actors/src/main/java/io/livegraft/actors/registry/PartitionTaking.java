package io.livegraft.actors.registry;

import java.time.Duration;
import java.util.function.Consumer;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/**
 * Takes one partition: asks until it is answered, because what is told to registries on their way to another node may be lost.
 * Who asks twice may get two numbers, of which one is nobody's: that is no harm.
 */
final class PartitionTaking {
    private static final Duration AGAIN = Duration.ofSeconds(2);
    private static final int MOST = 15;

    private PartitionTaking() {}

    sealed interface Message {}

    private record Answered(long epoch) implements Message {}

    private enum Ask implements Message {
        INSTANCE
    }

    /** {@code ask} asks once; {@code replyTo} is told the first answer. */
    static Behavior<Message> create(Consumer<ActorRef<Long>> ask, ActorRef<Long> replyTo) {
        return Behaviors.setup(context -> Behaviors.withTimers(timers -> {
            ActorRef<Long> answers = context.messageAdapter(Long.class, Answered::new);
            timers.startTimerWithFixedDelay(Ask.INSTANCE, AGAIN);
            ask.accept(answers);
            return asking(ask, answers, replyTo, MOST);
        }));
    }

    private static Behavior<Message> asking(
            Consumer<ActorRef<Long>> ask, ActorRef<Long> answers, ActorRef<Long> replyTo, int left) {
        return Behaviors.receiveMessage(message -> switch (message) {
            case Answered answered -> {
                replyTo.tell(answered.epoch());
                yield Behaviors.stopped();
            }
            case Ask again -> {
                if (left == 0) {
                    yield Behaviors.stopped();
                }
                ask.accept(answers);
                yield asking(ask, answers, replyTo, left - 1);
            }
        });
    }
}
