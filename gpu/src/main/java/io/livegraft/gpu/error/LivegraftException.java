package io.livegraft.gpu.error;

/** A refusal with a stable code and one clear sentence that holds the offending value and what was expected. */
public final class LivegraftException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final ErrorCode code;

    public LivegraftException(ErrorCode code, String message) {
        super(message);
        this.code = code;
    }

    public LivegraftException(ErrorCode code, String message, Throwable cause) {
        super(message, cause);
        this.code = code;
    }

    public ErrorCode code() {
        return code;
    }
}
