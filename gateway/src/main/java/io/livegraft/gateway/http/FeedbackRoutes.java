package io.livegraft.gateway.http;

import static org.apache.pekko.http.javadsl.server.Directives.complete;
import static org.apache.pekko.http.javadsl.server.Directives.extractMaterializer;
import static org.apache.pekko.http.javadsl.server.Directives.onSuccess;
import static org.apache.pekko.http.javadsl.server.Directives.path;
import static org.apache.pekko.http.javadsl.server.Directives.post;

import com.fasterxml.jackson.databind.JsonNode;
import io.livegraft.actors.node.FeedbackLog;
import io.livegraft.gateway.wire.JsonBody;
import io.livegraft.gateway.wire.JsonReply;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.http.javadsl.server.Route;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;

/**
 * {@code POST /v1/feedback}: one event or a list; 202 once the log has them all. Events of a list are written in order;
 * after a failure the same list may be posted again, since an event id counts once.
 */
final class FeedbackRoutes {
    private static final int ACCEPTED = 202;

    private final FeedbackLog log;
    private final HttpLimits limits;

    FeedbackRoutes(FeedbackLog log, HttpLimits limits) {
        this.log = log;
        this.limits = limits;
    }

    /** Where the log has an event. */
    record Receipt(String tenant, String eventId, int partition, long offset) {}

    record Receipts(int accepted, List<Receipt> events) {}

    Route routes() {
        return path(
                "feedback",
                () -> post(() -> JsonBody.read(
                        limits.maxBodyBytes(),
                        body -> extractMaterializer(materializer -> accept(body, materializer)))));
    }

    private Route accept(JsonNode body, Materializer materializer) {
        List<FeedbackEvent> events = FeedbackEvent.read(body, limits.maxFeedbackBatch());
        return onSuccess(
                () -> Source.from(events).mapAsync(1, this::append).runWith(Sink.seq(), materializer),
                receipts -> complete(JsonReply.own(
                        ACCEPTED, body.isArray() ? new Receipts(receipts.size(), receipts) : receipts.getFirst())));
    }

    private CompletionStage<Receipt> append(FeedbackEvent event) {
        return log.append(event.tenant(), event.record())
                .thenApply(appended -> new Receipt(
                        event.tenant(), event.record().getEventId(), appended.partition(), appended.offset()));
    }
}
