package io.livegraft.gateway.http;

import static org.apache.pekko.http.javadsl.server.Directives.complete;
import static org.apache.pekko.http.javadsl.server.Directives.concat;
import static org.apache.pekko.http.javadsl.server.Directives.extractMaterializer;
import static org.apache.pekko.http.javadsl.server.Directives.extractRequest;
import static org.apache.pekko.http.javadsl.server.Directives.onSuccess;
import static org.apache.pekko.http.javadsl.server.Directives.optionalHeaderValueByName;
import static org.apache.pekko.http.javadsl.server.Directives.path;
import static org.apache.pekko.http.javadsl.server.Directives.post;
import static org.apache.pekko.http.javadsl.server.PathMatchers.segment;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.livegraft.actors.node.Inference;
import io.livegraft.actors.node.Inference.Admission;
import io.livegraft.gateway.error.ErrorHandling;
import io.livegraft.gateway.error.ErrorReply;
import io.livegraft.gateway.wire.JsonBody;
import io.livegraft.gateway.wire.JsonReply;
import io.livegraft.gpu.backend.NumericProfile;
import io.livegraft.gpu.generation.GenerationDelta;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BiFunction;
import org.apache.pekko.NotUsed;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.MediaTypes;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.http.javadsl.server.Route;
import org.apache.pekko.japi.pf.PFBuilder;
import org.apache.pekko.stream.KillSwitches;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import scala.PartialFunction;

/**
 * {@code POST /v1/completions} and {@code POST /v1/chat/completions}. The version is resolved once, at admission; model,
 * fingerprint and headers {@code x-livegraft-adapter} and {@code x-livegraft-digest} of every answer name it. Header {@code
 * x-livegraft-profile} says whether its numbers may depend on its neighbours.
 */
final class GenerationRoutes {
    private static final String ADAPTER_HEADER = "x-livegraft-adapter";
    private static final String DIGEST_HEADER = "x-livegraft-digest";
    private static final String PROFILE_HEADER = "x-livegraft-profile";
    private static final int CLIENT_CLOSED_REQUEST = 499;

    /** Once the status line has gone out, an event is the only way left to tell of a failure. */
    private static final PartialFunction<Throwable, String> AFTER_THE_STATUS_LINE = new PFBuilder<Throwable, String>()
            .matchAny(failure -> ErrorHandling.replyTo(failure).json().toString())
            .build();

    private final Inference inference;
    private final String baseDigest;
    private final NumericProfile profile;
    private final HttpLimits limits;

    GenerationRoutes(Inference inference, String baseDigest, NumericProfile profile, HttpLimits limits) {
        this.inference = inference;
        this.baseDigest = baseDigest;
        this.profile = profile;
        this.limits = limits;
    }

    Route routes() {
        return concat(
                path(
                        segment("completions"),
                        () -> post(() -> read((body, timeLimit) -> {
                            CompletionRequest request = CompletionRequest.completion(body, timeLimit, limits);
                            return answer(request, new CompletionFormat(request.logprobs(), request.echo()));
                        }))),
                path(
                        segment("chat").slash("completions"),
                        () -> post(() -> read((body, timeLimit) -> {
                            CompletionRequest request = CompletionRequest.chat(body, timeLimit, limits);
                            return answer(request, new ChatAnswerFormat(request.logprobs()));
                        }))));
    }

    private Route read(BiFunction<JsonNode, Optional<String>, Route> inner) {
        return optionalHeaderValueByName(
                TimeLimit.HEADER,
                timeLimit -> JsonBody.read(limits.maxBodyBytes(), body -> inner.apply(body, timeLimit)));
    }

    private Route answer(CompletionRequest request, AnswerFormat format) {
        return extractRequest(http -> extractMaterializer(materializer -> onSuccess(
                () -> inference.generate(request.generation()).thenCompose(admission -> switch (admission) {
                    case Admission.Refused refused ->
                        CompletableFuture.completedStage(
                                ErrorReply.of(refused.code(), refused.message(), refused.retryAfter())
                                        .response());
                    case Admission.Admitted admitted -> {
                        var identity = AnswerIdentity.create(format.idPrefix(), admitted.version(), baseDigest);
                        var response = request.stream()
                                ? CompletableFuture.completedStage(streamed(admitted, identity, format, request))
                                : whole(admitted, identity, format, http, materializer);
                        yield response.thenApply(made -> made.addHeader(RawHeader.create(
                                        ADAPTER_HEADER, admitted.version().label()))
                                .addHeader(RawHeader.create(
                                        DIGEST_HEADER, admitted.version().digest()))
                                .addHeader(RawHeader.create(PROFILE_HEADER, profile.toString())));
                    }
                }),
                response -> complete(response))));
    }

    private static CompletionStage<HttpResponse> whole(
            Admission.Admitted admitted,
            AnswerIdentity identity,
            AnswerFormat format,
            HttpRequest http,
            Materializer materializer) {
        var wanted = KillSwitches.shared("answer");
        var gone = ErrorReply.http(CLIENT_CLOSED_REQUEST, "client_closed_request", "the client has gone");
        http.getAttribute(ConnectionClosed.KEY)
                .ifPresent(connection -> connection.onClose(() -> wanted.abort(gone.asException())));
        List<CompletableFuture<Answer>> choices = admitted.choices().stream()
                .map(deltas -> deltas.via(wanted.<GenerationDelta>flow())
                        .runWith(Sink.seq(), materializer)
                        .thenApply(Answer::new)
                        .whenComplete((answer, failure) -> {
                            if (failure != null) {
                                wanted.abort(failure); // without it the others are of no use
                            }
                        })
                        .toCompletableFuture())
                .toList();
        return CompletableFuture.allOf(choices.toArray(CompletableFuture[]::new))
                .thenApply(done -> JsonReply.openAi(whole(
                        admitted,
                        identity,
                        format,
                        choices.stream().map(CompletableFuture::join).toList())));
    }

    private static ObjectNode whole(
            Admission.Admitted admitted, AnswerIdentity identity, AnswerFormat format, List<Answer> choices) {
        return AnswerFormat.putUsage(
                format.whole(identity, choices),
                admitted.promptTokens(),
                choices.stream().mapToInt(Answer::tokens).sum());
    }

    private static HttpResponse streamed(
            Admission.Admitted admitted, AnswerIdentity identity, AnswerFormat format, CompletionRequest request) {
        Source<ByteString, NotUsed> events = AnswerEvents.of(admitted, identity, format, request.includeUsage())
                .map(ObjectNode::toString)
                .recover(AFTER_THE_STATUS_LINE)
                .map(JsonReply::event)
                .concat(Source.single(JsonReply.event("[DONE]")));
        return HttpResponse.create()
                .withEntity(HttpEntities.createChunked(ContentTypes.create(MediaTypes.TEXT_EVENT_STREAM), events))
                .addHeader(RawHeader.create("Cache-Control", "no-cache"));
    }
}
