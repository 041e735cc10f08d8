package io.livegraft.gateway.error;

import io.livegraft.gpu.error.ErrorCode;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalInt;

/** The one place that says what an {@link ErrorCode} is over HTTP and on the command line; gateway/README.md shows it. */
public final class ErrorTable {
    /** Exit code of a command that did its work. */
    public static final int OK = 0;
    /** Exit code of an unexpected failure. */
    public static final int FAILED = 1;
    /** Exit code of wrong arguments, or of a command that is not built yet. */
    public static final int USAGE = 2;

    private static final int BAD_INPUT = 3;
    private static final int PORT_TAKEN = 4;
    private static final int NOT_AVAILABLE = 5;

    /**
     * One row.
     *
     * @param type OpenAI's class of error
     * @param code OpenAI's stable identifier of the cause
     * @param retryAfterSeconds header {@code Retry-After}, for causes that pass
     */
    public record Row(int status, String type, String code, int exitCode, OptionalInt retryAfterSeconds) {
        private static Row of(int status, String type, String code, int exitCode) {
            return new Row(status, type, code, exitCode, OptionalInt.empty());
        }
    }

    private ErrorTable() {}

    public static Row row(ErrorCode code) {
        return switch (code) {
            case INVALID_REQUEST -> Row.of(400, "invalid_request_error", "invalid_request", BAD_INPUT);
            case CONTEXT_LENGTH_EXCEEDED -> Row.of(400, "invalid_request_error", "context_length_exceeded", BAD_INPUT);
            case MODEL_NOT_FOUND -> Row.of(404, "invalid_request_error", "model_not_found", BAD_INPUT);
            case CONFLICT -> Row.of(409, "conflict_error", "conflict", FAILED);
            case IDEMPOTENCY_KEY_REUSED -> Row.of(422, "invalid_request_error", "idempotency_key_reused", BAD_INPUT);
            case QUOTA_EXCEEDED ->
                new Row(429, "rate_limit_error", "rate_limit_exceeded", NOT_AVAILABLE, OptionalInt.of(1));
            case OVERLOADED -> new Row(503, "unavailable_error", "overloaded", NOT_AVAILABLE, OptionalInt.of(1));
            case DEADLINE_EXCEEDED -> Row.of(504, "timeout_error", "deadline_exceeded", NOT_AVAILABLE);
            case INVALID_CONFIGURATION -> Row.of(500, "server_error", "invalid_configuration", BAD_INPUT);
            case INVALID_MODEL -> Row.of(500, "server_error", "invalid_model", BAD_INPUT);
            case PORT_IN_USE -> Row.of(500, "server_error", "port_in_use", PORT_TAKEN);
            case UNAVAILABLE -> new Row(503, "unavailable_error", "unavailable", NOT_AVAILABLE, OptionalInt.of(1));
        };
    }

    /** The row that a client of the HTTP interface was answered with. */
    public static Optional<ErrorCode> byWireCode(String code) {
        return Arrays.stream(ErrorCode.values())
                .filter(candidate -> row(candidate).code().equals(code))
                .findFirst();
    }
}
