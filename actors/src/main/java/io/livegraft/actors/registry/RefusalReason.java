package io.livegraft.actors.registry;

import io.livegraft.gpu.error.ErrorCode;

/** Why the registry says no; the codes are stable. */
public enum RefusalReason {
    TENANT_UNKNOWN("tenant_unknown", ErrorCode.MODEL_NOT_FOUND),
    VERSION_UNKNOWN("version_unknown", ErrorCode.MODEL_NOT_FOUND),
    /** The offer is another tenant's. */
    TENANT_FOREIGN("tenant_foreign", ErrorCode.CONFLICT),
    /** The offer was trained on another base than the one that is served. */
    BASE_FOREIGN("base_foreign", ErrorCode.CONFLICT),
    /** The offer was made with settings that are neither this node's nor those of the offer before it. */
    CONFIG_FOREIGN("config_foreign", ErrorCode.CONFLICT),
    /** The offer did not grow from the one decided last. */
    PARENT_STALE("parent_stale", ErrorCode.CONFLICT),
    /** Training has read its log again, for a forget or a reset, since the offer was made. */
    LINE_STALE("line_stale", ErrorCode.CONFLICT),
    /** The tenant's partition has been given to somebody else since. */
    EPOCH_STALE("epoch_stale", ErrorCode.CONFLICT),
    SERVES_ALREADY("serves_already", ErrorCode.CONFLICT),
    /** Another version serves than the one that was expected (If-Match). */
    SERVING_DIFFERS("serving_differs", ErrorCode.CONFLICT),
    /** The idempotency key was used for another change. */
    KEY_REUSED("key_reused", ErrorCode.IDEMPOTENCY_KEY_REUSED);

    private final String code;
    private final ErrorCode error;

    RefusalReason(String code, ErrorCode error) {
        this.code = code;
        this.error = error;
    }

    public String code() {
        return code;
    }

    public ErrorCode error() {
        return error;
    }
}
