package io.livegraft.actors.registry;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.SupervisorStrategy;
import org.apache.pekko.persistence.typed.PersistenceId;
import org.apache.pekko.persistence.typed.javadsl.CommandHandler;
import org.apache.pekko.persistence.typed.javadsl.EventHandler;
import org.apache.pekko.persistence.typed.javadsl.EventSourcedBehavior;
import org.apache.pekko.persistence.typed.javadsl.RetentionCriteria;

/**
 * Numbers the assignments of one partition of the feedback topic, durably: whoever takes it gets a higher epoch than anybody
 * before. A group's generation would not do: Kafka forgets it when the group is idle for long, and then it begins again.
 */
final class PartitionAssignments
        extends EventSourcedBehavior<
                PartitionAssignments.Command, PartitionAssignments.Taken, PartitionAssignments.Assignment> {
    private static final String PERSISTENCE_PREFIX = "partition|";

    sealed interface Command extends RegistryMessage {}

    /** {@code replyTo} is told the new epoch. */
    record Take(String owner, ActorRef<Long> replyTo) implements Command {}

    /** Ends this one's life in memory; the next command begins another. */
    record Passivate() implements Command {}

    record Taken(Instant at, long epoch, String owner) implements RegistryStored {}

    /** The latest one; epoch 0 is before the first. */
    record Assignment(long epoch, String owner) implements RegistryStored {}

    private final Clock clock;

    private PartitionAssignments(String id, Clock clock) {
        super(
                PersistenceId.ofUniqueId(PERSISTENCE_PREFIX + id),
                SupervisorStrategy.restartWithBackoff(Duration.ofMillis(200), Duration.ofSeconds(10), 0.1));
        this.clock = clock;
    }

    /** The name of one partition's. */
    static String id(String topic, int partition) {
        return topic + "|" + partition;
    }

    static Behavior<Command> create(String id, Clock clock) {
        return new PartitionAssignments(id, clock);
    }

    @Override
    public Assignment emptyState() {
        return new Assignment(0, "");
    }

    @Override
    public EventHandler<Assignment, Taken> eventHandler() {
        return (before, taken) -> new Assignment(taken.epoch(), taken.owner());
    }

    @Override
    public CommandHandler<Command, Taken, Assignment> commandHandler() {
        return (before, command) -> switch (command) {
            case Take take ->
                Effect()
                        .persist(new Taken(clock.instant(), before.epoch() + 1, take.owner()))
                        .thenReply(take.replyTo(), Assignment::epoch);
            case Passivate passivate -> Effect().stop().thenNoReply();
        };
    }

    @Override
    public RetentionCriteria retentionCriteria() {
        return RetentionCriteria.snapshotEvery(100, 2);
    }
}
