package io.livegraft.gateway.admin;

import static org.apache.pekko.http.javadsl.server.Directives.complete;
import static org.apache.pekko.http.javadsl.server.Directives.concat;
import static org.apache.pekko.http.javadsl.server.Directives.get;
import static org.apache.pekko.http.javadsl.server.Directives.onSuccess;
import static org.apache.pekko.http.javadsl.server.Directives.optionalHeaderValueByName;
import static org.apache.pekko.http.javadsl.server.Directives.parameterOptional;
import static org.apache.pekko.http.javadsl.server.Directives.path;
import static org.apache.pekko.http.javadsl.server.Directives.pathPrefix;
import static org.apache.pekko.http.javadsl.server.Directives.post;
import static org.apache.pekko.http.javadsl.server.PathMatchers.segment;

import io.livegraft.actors.node.Administration;
import io.livegraft.actors.node.Administration.AdminReply;
import io.livegraft.actors.registry.AdapterImage;
import io.livegraft.gateway.error.ErrorReply;
import io.livegraft.gateway.wire.Fields;
import io.livegraft.gateway.wire.JsonBody;
import io.livegraft.gateway.wire.JsonReply;
import io.livegraft.gpu.error.ErrorCode;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.http.javadsl.server.Route;

/** {@code /admin/v1}: reads carry the serving version as ETag; changes take it as If-Match, and an Idempotency-Key. */
public final class AdminRoutes {
    private static final int OK = 200;

    private final Administration administration;
    private final long maxBodyBytes;
    private final int maxPage;

    public AdminRoutes(Administration administration, long maxBodyBytes, int maxPage) {
        this.administration = administration;
        this.maxBodyBytes = maxBodyBytes;
        this.maxPage = maxPage;
    }

    public Route routes() {
        return pathPrefix(
                "admin",
                () -> pathPrefix(
                        "v1",
                        () -> concat(
                                path("adapters", () -> get(this::list)),
                                path("training", () -> get(this::training)),
                                path("signing-keys", () -> get(this::signingKeys)),
                                path(segment("adapters").slash(segment()), this::adapter),
                                path(
                                        segment("adapters").slash(segment()).slash("versions"),
                                        tenant ->
                                                get(() -> view(tenant, image -> Map.of("versions", image.versions())))),
                                path(
                                        segment("adapters").slash(segment()).slash("history"),
                                        tenant -> get(
                                                () -> view(tenant, image -> Map.of("history", image.history())))))));
    }

    private Route list() {
        return parameterOptional(
                "prefix",
                prefix -> parameterOptional(
                        "after",
                        after -> parameterOptional(
                                "limit",
                                limit -> onSuccess(
                                        () -> administration.adapters(PageRequest.read(prefix, after, limit, maxPage)),
                                        page -> complete(JsonReply.own(OK, AdapterListView.of(page)))))));
    }

    private Route training() {
        return onSuccess(
                administration::trainers,
                trainers -> complete(JsonReply.own(
                        OK,
                        Map.of(
                                "trainers",
                                trainers.stream().map(TrainingView::of).toList()))));
    }

    private Route signingKeys() {
        return complete(JsonReply.own(
                OK,
                Map.of(
                        "keys",
                        administration.signingKeys().stream()
                                .map(SigningKeyView::of)
                                .toList())));
    }

    /** {@code support} is read; {@code support:rollback} is done. */
    private Route adapter(String segment) {
        int colon = segment.indexOf(':');
        if (colon < 0) {
            return get(() -> view(segment, AdapterView::of));
        }
        String tenant = segment.substring(0, colon);
        String verb = segment.substring(colon + 1);
        return post(() -> optionalHeaderValueByName(
                "If-Match",
                ifMatch -> optionalHeaderValueByName(
                        "Idempotency-Key",
                        idempotencyKey -> JsonBody.read(maxBodyBytes, body -> {
                            var request = ChangeRequest.read(verb, body, ifMatch, idempotencyKey);
                            return onSuccess(
                                    () -> change(tenant, verb, request), reply -> complete(response(reply, request)));
                        }))));
    }

    private CompletionStage<AdminReply> change(String tenant, String verb, ChangeRequest request) {
        return switch (verb) {
            case "rollback" -> administration.rollback(tenant, request.to(), request.action());
            case "hold" -> administration.hold(tenant, request.action());
            case "resume" -> administration.resume(tenant, request.action());
            case "promote" ->
                administration.promote(
                        tenant,
                        request.to().orElseThrow(() -> Fields.refuse("to", "to is missing: which version?")),
                        request.action());
            default ->
                throw ErrorReply.http(
                                404,
                                "route_not_found",
                                "an adapter can't %s, expected rollback, hold, resume, promote, forget, reset, configure or rebuild"
                                        .formatted(verb))
                        .asException();
        };
    }

    private static HttpResponse response(AdminReply reply, ChangeRequest request) {
        return switch (reply) {
            case AdminReply.Done done -> {
                HttpResponse answer = tagged(
                        done.image(),
                        AdapterView.changed(done.image(), request.action().dryRun()));
                yield done.repeated() ? answer.addHeader(RawHeader.create("Idempotency-Replayed", "true")) : answer;
            }
            case AdminReply.Refused refused ->
                ErrorReply.of(refused.code(), refused.message()).response();
        };
    }

    private Route view(String tenant, Function<AdapterImage, Object> part) {
        return onSuccess(
                () -> administration.adapter(tenant),
                found -> complete(
                        found.map(image -> tagged(image, part.apply(image))).orElseGet(() -> ErrorReply.of(
                                        ErrorCode.MODEL_NOT_FOUND, "there is no tenant %s".formatted(tenant))
                                .response())));
    }

    private static HttpResponse tagged(AdapterImage image, Object view) {
        return JsonReply.own(OK, view).addHeader(RawHeader.create("ETag", "\"" + image.serving() + "\""));
    }
}
