package io.livegraft.gateway.admin;

import static org.apache.pekko.http.javadsl.server.Directives.complete;
import static org.apache.pekko.http.javadsl.server.Directives.concat;
import static org.apache.pekko.http.javadsl.server.Directives.get;
import static org.apache.pekko.http.javadsl.server.Directives.path;
import static org.apache.pekko.http.javadsl.server.Directives.post;
import static org.apache.pekko.http.javadsl.server.PathMatchers.segment;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.livegraft.actors.scrub.ScrubReport;
import io.livegraft.actors.scrub.Scrubbing;
import io.livegraft.gateway.error.ErrorReply;
import io.livegraft.gateway.wire.JsonReply;
import io.livegraft.gpu.error.ErrorCode;
import java.util.Optional;
import org.apache.pekko.http.javadsl.server.Route;

/** {@code /admin/v1/scrub}: POST begins a scrub of the node's stores, GET tells of the latest. */
public final class ScrubRoutes {
    private static final int OK = 200;
    private static final int ACCEPTED = 202;

    private final Scrubbing scrubbing;

    public ScrubRoutes(Scrubbing scrubbing) {
        this.scrubbing = scrubbing;
    }

    /**
     * One scrub.
     *
     * @param state running, done or failed
     */
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    record View(long id, String state, Optional<Boolean> sound, Optional<ScrubReport> report, Optional<Object> error) {
        static View of(Scrubbing.Scrub scrub) {
            return switch (scrub) {
                case Scrubbing.Scrub.Running running ->
                    new View(running.id(), "running", Optional.empty(), Optional.empty(), Optional.empty());
                case Scrubbing.Scrub.Done done ->
                    new View(
                            done.id(),
                            "done",
                            Optional.of(done.report().sound()),
                            Optional.of(done.report()),
                            Optional.empty());
                case Scrubbing.Scrub.Failed failed ->
                    new View(
                            failed.id(),
                            "failed",
                            Optional.empty(),
                            Optional.empty(),
                            Optional.of(ErrorReply.of(
                                            failed.reason().code(),
                                            String.valueOf(failed.reason().getMessage()))
                                    .json()
                                    .path("error")));
            };
        }
    }

    public Route routes() {
        return path(
                segment("admin").slash("v1").slash("scrub"),
                () -> concat(
                        post(() -> complete(JsonReply.own(ACCEPTED, View.of(scrubbing.start())))),
                        get(() -> complete(scrubbing
                                .latest()
                                .map(scrub -> JsonReply.own(OK, View.of(scrub)))
                                .orElseGet(() -> ErrorReply.of(
                                                ErrorCode.MODEL_NOT_FOUND, "nothing was scrubbed since the start")
                                        .response())))));
    }
}
