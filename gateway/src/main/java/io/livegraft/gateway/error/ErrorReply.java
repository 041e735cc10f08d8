package io.livegraft.gateway.error;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.livegraft.gpu.error.ErrorCode;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.StatusCode;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;

/**
 * A refusal in OpenAI's format: {@code {"error":{"message","type","param","code"}}}.
 *
 * @param param the request field at fault
 */
public record ErrorReply(
        int status, String type, String code, String message, Optional<String> param, OptionalInt retryAfterSeconds) {

    public static ErrorReply of(ErrorCode code, String message) {
        ErrorTable.Row row = ErrorTable.row(code);
        Optional<String> param = code == ErrorCode.MODEL_NOT_FOUND ? Optional.of("model") : Optional.empty();
        return new ErrorReply(row.status(), row.type(), row.code(), message, param, row.retryAfterSeconds());
    }

    /** {@code retryAfter} is when the same request may be taken, where that can be told; whole seconds go out, at least one. */
    public static ErrorReply of(ErrorCode code, String message, Optional<Duration> retryAfter) {
        ErrorReply reply = of(code, message);
        OptionalInt seconds = retryAfter.isEmpty()
                ? reply.retryAfterSeconds
                : OptionalInt.of(Math.clamp(Math.ceilDiv(retryAfter.get().toMillis(), 1000L), 1, Integer.MAX_VALUE));
        return new ErrorReply(reply.status, reply.type, reply.code, message, reply.param, seconds);
    }

    /** A request field has a value that can't be used. */
    public static ErrorReply invalidField(String field, String message) {
        ErrorTable.Row row = ErrorTable.row(ErrorCode.INVALID_REQUEST);
        return new ErrorReply(
                row.status(), row.type(), row.code(), message, Optional.of(field), row.retryAfterSeconds());
    }

    /** A refusal that only HTTP knows: a route, a method, a media type. */
    public static ErrorReply http(int status, String code, String message) {
        String type = status >= 500 ? "server_error" : "invalid_request_error";
        return new ErrorReply(status, type, code, message, Optional.empty(), OptionalInt.empty());
    }

    public RequestRefusedException asException() {
        return new RequestRefusedException(this);
    }

    public ObjectNode json() {
        ObjectNode error = JsonNodeFactory.instance.objectNode();
        error.put("message", message);
        error.put("type", type);
        error.put("param", param.orElse(null));
        error.put("code", code);
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        body.set("error", error);
        return body;
    }

    public HttpResponse response() {
        HttpResponse response = HttpResponse.create()
                .withStatus(statusCode())
                .withEntity(ContentTypes.APPLICATION_JSON, json().toString());
        return retryAfterSeconds.isPresent()
                ? response.addHeader(RawHeader.create("Retry-After", String.valueOf(retryAfterSeconds.getAsInt())))
                : response;
    }

    private StatusCode statusCode() {
        return StatusCodes.lookup(status).orElseGet(() -> StatusCodes.custom(status, code, code));
    }
}
