package io.livegraft.actors.trainer;

import io.livegraft.actors.registry.AdapterRegistry;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.apache.pekko.actor.typed.ActorRef;

/**
 * What reading a tenant's log again came to.
 *
 * @param again the state after {@code cause}, with the entries that count
 * @param firstForgotten offset of the first event that it left out
 */
record Remade(LogEntry.Control cause, TrainerState again, Line line, OptionalLong firstForgotten) {
    /** Blocks; empty where there was nothing to forget. */
    static Optional<Remade> read(Replay replay, LogEntry.Control cause) {
        return switch (cause) {
            case LogEntry.Forget forget -> {
                OptionalLong first = replay.firstForgotten(forget);
                yield first.isEmpty()
                        ? Optional.empty()
                        : Optional.of(read(replay, cause, new Line(forget.offset(), true), first));
            }
            case LogEntry.Reset reset ->
                Optional.of(read(replay, cause, new Line(reset.offset(), false), OptionalLong.empty()));
        };
    }

    private static Remade read(Replay replay, LogEntry.Control cause, Line line, OptionalLong firstForgotten) {
        return new Remade(cause, replay.through(cause.offset(), Set.of()).state(), line, firstForgotten);
    }

    /** Tells the registry that what was offered before is over. */
    AdapterRegistry.BeginLine beginLine(long epoch, ActorRef<AdapterRegistry.Reply> replyTo) {
        return new AdapterRegistry.BeginLine(
                action(),
                line.offset(),
                firstForgotten,
                again.adapterDigest(),
                epoch,
                cause.principal(),
                cause.reason(),
                replyTo);
    }

    private String action() {
        return switch (cause) {
            case LogEntry.Forget forget -> "forget";
            case LogEntry.Reset reset -> "reset";
        };
    }
}
