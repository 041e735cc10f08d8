package io.livegraft.gateway.error;

import static org.apache.pekko.http.javadsl.server.Directives.complete;
import static org.apache.pekko.http.javadsl.server.Directives.extractUri;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.server.ExceptionHandler;
import org.apache.pekko.http.javadsl.server.MethodRejection;
import org.apache.pekko.http.javadsl.server.Rejection;
import org.apache.pekko.http.javadsl.server.RejectionHandler;
import org.apache.pekko.http.scaladsl.model.EntityStreamSizeException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The edge: every rejection and exception of a route becomes one {@link ErrorReply}. */
public final class ErrorHandling {
    private static final Logger LOG = LoggerFactory.getLogger(ErrorHandling.class);

    private ErrorHandling() {}

    public static ExceptionHandler exceptions() {
        return ExceptionHandler.newBuilder()
                .matchAny(failure -> complete(replyTo(failure).response()))
                .build();
    }

    public static RejectionHandler rejections() {
        return RejectionHandler.newBuilder()
                .handle(
                        MethodRejection.class,
                        rejection -> complete(answer(
                                405,
                                "method_not_allowed",
                                "this path takes " + rejection.supported().name())))
                .handle(
                        Rejection.class,
                        rejection -> complete(answer(400, "invalid_request", "the request was refused: " + rejection)))
                .handleNotFound(extractUri(uri ->
                        complete(answer(404, "route_not_found", "there is nothing at %s".formatted(uri.path())))))
                .build();
    }

    /** What a failure means to the caller; an unexpected one gets an id that is also in the log. */
    public static ErrorReply replyTo(Throwable failure) {
        return switch (cause(failure)) {
            case RequestRefusedException refused -> refused.reply();
            case LivegraftException refusal -> ErrorReply.of(refusal.code(), String.valueOf(refusal.getMessage()));
            case EntityStreamSizeException large ->
                ErrorReply.http(413, "body_too_large", "the request body is larger than the allowed size");
            case TimeoutException late ->
                ErrorReply.of(ErrorCode.UNAVAILABLE, "the node did not answer in time: " + late.getMessage());
            default -> unexpected(failure);
        };
    }

    private static Throwable cause(Throwable failure) {
        Throwable cause = failure;
        while ((cause instanceof CompletionException || cause instanceof ExecutionException)
                && cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause;
    }

    private static ErrorReply unexpected(Throwable failure) {
        String id = UUID.randomUUID().toString();
        LOG.error("unexpected failure {}", id, failure);
        return ErrorReply.http(500, "internal_error", "something unexpected went wrong; the log has it under " + id);
    }

    private static HttpResponse answer(int status, String code, String message) {
        return ErrorReply.http(status, code, message).response();
    }
}
