package io.livegraft.gateway.admin;

import static org.apache.pekko.http.javadsl.server.Directives.complete;
import static org.apache.pekko.http.javadsl.server.Directives.concat;
import static org.apache.pekko.http.javadsl.server.Directives.get;
import static org.apache.pekko.http.javadsl.server.Directives.onSuccess;
import static org.apache.pekko.http.javadsl.server.Directives.optionalHeaderValueByName;
import static org.apache.pekko.http.javadsl.server.Directives.path;
import static org.apache.pekko.http.javadsl.server.Directives.pathPrefix;
import static org.apache.pekko.http.javadsl.server.Directives.post;
import static org.apache.pekko.http.javadsl.server.PathMatchers.segment;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import io.livegraft.actors.node.LogAdministration;
import io.livegraft.actors.node.LogAdministration.RebuildReply;
import io.livegraft.actors.node.LogAdministration.Reply;
import io.livegraft.gateway.error.ErrorReply;
import io.livegraft.gateway.wire.Fields;
import io.livegraft.gateway.wire.JsonBody;
import io.livegraft.gateway.wire.JsonReply;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.proto.feedback.Configure;
import java.util.Collections;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.server.Route;

/** {@code /admin/v1}: what is written into a tenant's log, and versions made anew from it. */
public final class LogRoutes {
    private static final int OK = 200;
    private static final int ACCEPTED = 202;
    private static final int MOST_SUBJECTS = 1_000;

    private final LogAdministration log;
    private final long maxBodyBytes;

    public LogRoutes(LogAdministration log, long maxBodyBytes) {
        this.log = log;
        this.maxBodyBytes = maxBodyBytes;
    }

    /**
     * Where a record is.
     *
     * @param partition of the feedback topic; absent after a dry run
     */
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    record Receipt(String tenant, OptionalInt partition, OptionalLong offset, Optional<Boolean> dryRun) {}

    public Route routes() {
        return pathPrefix(
                "admin",
                () -> pathPrefix(
                        "v1",
                        () -> concat(
                                verb(
                                        "forget",
                                        (tenant, body, request) -> log.forget(
                                                tenant, Fields.of(body).requiredText("subject"), request.action())),
                                verb(
                                        "reset",
                                        (tenant, body, request) -> log.reset(
                                                tenant,
                                                request.to()
                                                        .orElseThrow(
                                                                () -> Fields.refuse(
                                                                        "to", "to is missing: which version?")),
                                                request.action())),
                                verb(
                                        "configure",
                                        (tenant, body, request) -> log.configure(
                                                tenant, values(Fields.of(body).required("values")), request.action())),
                                adapter("rebuild", tenant -> body -> rebuild(tenant, body)),
                                path(segment("rebuilds").slash(segment()), id -> get(() -> rebuilt(id))))));
    }

    /** What a verb writes. */
    private interface Writing {
        CompletionStage<Reply> write(String tenant, JsonNode body, ChangeRequest request);
    }

    private Route verb(String verb, Writing writing) {
        return adapter(
                verb,
                tenant -> body -> optionalHeaderValueByName("If-Match", ifMatch -> {
                    var request = ChangeRequest.read(verb, body, ifMatch, Optional.empty());
                    return onSuccess(
                            () -> writing.write(tenant, body, request),
                            reply -> complete(
                                    response(tenant, reply, request.action().dryRun())));
                }));
    }

    private Route adapter(String verb, Function<String, Function<JsonNode, Route>> inner) {
        Pattern tenantAndVerb = Pattern.compile("([^:]*):" + verb);
        return path(
                segment("adapters").slash(segment(tenantAndVerb)),
                tenant -> post(() -> JsonBody.read(maxBodyBytes, inner.apply(tenant))));
    }

    private static HttpResponse response(String tenant, Reply reply, boolean dryRun) {
        return switch (reply) {
            case Reply.Written written ->
                JsonReply.own(
                        dryRun ? OK : ACCEPTED,
                        new Receipt(
                                tenant,
                                written.partition(),
                                written.offset(),
                                dryRun ? Optional.of(true) : Optional.empty()));
            case Reply.Refused refused ->
                ErrorReply.of(refused.code(), refused.message()).response();
        };
    }

    private static Configure values(JsonNode json) {
        var values = Configure.newBuilder();
        try {
            JsonFormat.parser().merge(json.toString(), values);
        } catch (InvalidProtocolBufferException broken) {
            throw Fields.refuse("values", "values can't be read: " + broken.getMessage());
        }
        return values.build();
    }

    private Route rebuild(String tenant, JsonNode body) {
        int version = Fields.of(body)
                .integer("version")
                .orElseThrow(() -> Fields.refuse("version", "version is missing: which one?"));
        SortedSet<String> without = subjects(body);
        return onSuccess(() -> log.rebuild(tenant, version, without), reply -> complete(response(reply)));
    }

    private static SortedSet<String> subjects(JsonNode body) {
        SortedSet<String> subjects = new TreeSet<>();
        Fields.of(body).value("without").ifPresent(list -> {
            if (!list.isArray() || list.size() > MOST_SUBJECTS) {
                throw Fields.wrong("without", list, "a list of at most %d subjects".formatted(MOST_SUBJECTS));
            }
            for (JsonNode subject : list) {
                if (!subject.isTextual() || subject.textValue().isEmpty()) {
                    throw Fields.wrong("without", subject, "a subject");
                }
                subjects.add(subject.textValue());
            }
        });
        return Collections.unmodifiableSortedSet(subjects);
    }

    private static HttpResponse response(RebuildReply reply) {
        return switch (reply) {
            case RebuildReply.Started started -> JsonReply.own(ACCEPTED, RebuildView.of(started.rebuild()));
            case RebuildReply.Refused refused ->
                ErrorReply.of(refused.code(), refused.message()).response();
        };
    }

    private Route rebuilt(String id) {
        return complete(log.rebuilt(id)
                .map(rebuild -> JsonReply.own(OK, RebuildView.of(rebuild)))
                .orElseGet(() -> ErrorReply.of(ErrorCode.MODEL_NOT_FOUND, "there is no rebuild %s".formatted(id))
                        .response()));
    }
}
