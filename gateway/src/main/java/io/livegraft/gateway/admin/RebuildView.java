package io.livegraft.gateway.admin;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.livegraft.actors.replay.Rebuild;
import io.livegraft.gateway.error.ErrorReply;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.SortedSet;

/**
 * A rebuild as the admin interface shows it.
 *
 * @param state running, done or failed; what follows the published digest is there when it is done
 * @param error in the form of every error, where it failed
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
record RebuildView(
        String id,
        String state,
        String tenant,
        int version,
        SortedSet<String> without,
        String publishedDigest,
        boolean sameConfiguration,
        Optional<String> rebuiltDigest,
        Optional<Boolean> match,
        OptionalLong events,
        OptionalLong steps,
        OptionalDouble seconds,
        Optional<Object> error) {
    static RebuildView of(Rebuild rebuild) {
        return switch (rebuild) {
            case Rebuild.Running running -> unfinished(running, "running", Optional.empty());
            case Rebuild.Failed failed ->
                unfinished(
                        failed,
                        "failed",
                        Optional.of(ErrorReply.of(
                                        failed.reason().code(),
                                        String.valueOf(failed.reason().getMessage()))
                                .json()
                                .path("error")));
            case Rebuild.Done done ->
                new RebuildView(
                        done.id(),
                        "done",
                        done.target().tenant(),
                        done.target().version(),
                        done.target().without(),
                        done.target().publishedDigest(),
                        done.target().sameConfiguration(),
                        Optional.of(done.rebuiltDigest()),
                        Optional.of(done.match()),
                        OptionalLong.of(done.events()),
                        OptionalLong.of(done.steps()),
                        OptionalDouble.of(done.seconds()),
                        Optional.empty());
        };
    }

    private static RebuildView unfinished(Rebuild rebuild, String state, Optional<Object> error) {
        return new RebuildView(
                rebuild.id(),
                state,
                rebuild.target().tenant(),
                rebuild.target().version(),
                rebuild.target().without(),
                rebuild.target().publishedDigest(),
                rebuild.target().sameConfiguration(),
                Optional.empty(),
                Optional.empty(),
                OptionalLong.empty(),
                OptionalLong.empty(),
                OptionalDouble.empty(),
                error);
    }
}
