package io.livegraft.gpu.error;

/** Every way a caller can be told no; stable names, one per cause. */
public enum ErrorCode {
    /** A field of a request or a record has a value that can't be used. */
    INVALID_REQUEST,
    /** A setting, file or command-line argument can't be used. */
    INVALID_CONFIGURATION,
    /** A base or adapter directory lacks something or holds something unexpected. */
    INVALID_MODEL,
    /** No tenant, version or alias of that name. */
    MODEL_NOT_FOUND,
    /** Prompt and requested tokens together are longer than the base can attend to. */
    CONTEXT_LENGTH_EXCEEDED,
    /** The caller's expected state is not the current one. */
    CONFLICT,
    /** The key that names a change was used for another one before. */
    IDEMPOTENCY_KEY_REUSED,
    /** A bounded queue is full; trying later may succeed. */
    OVERLOADED,
    /** A tenant has as much running, waiting or generated as it may at a time; others are served, and later it is again. */
    QUOTA_EXCEEDED,
    /** The caller's own time limit passed before the end of the answer. */
    DEADLINE_EXCEEDED,
    /** A part the request needs is not ready or has gone. */
    UNAVAILABLE,
    /** A configured port is taken by another process. */
    PORT_IN_USE
}
