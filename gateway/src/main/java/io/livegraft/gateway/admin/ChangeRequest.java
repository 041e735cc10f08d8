package io.livegraft.gateway.admin;

import com.fasterxml.jackson.databind.JsonNode;
import io.livegraft.actors.checkpoint.Digests;
import io.livegraft.actors.node.AdminAction;
import io.livegraft.actors.registry.IdempotencyKey;
import io.livegraft.gateway.error.ErrorReply;
import io.livegraft.gateway.wire.Fields;
import io.livegraft.gpu.error.ErrorCode;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Pattern;

/**
 * {@code {"to":5,"reason":"…","dryRun":false}} and headers {@code If-Match} and {@code Idempotency-Key}.
 *
 * @param to the version to serve
 */
record ChangeRequest(OptionalInt to, AdminAction action) {
    /** Until there are API keys, nobody has a name. */
    private static final String PRINCIPAL = "anonymous";

    private static final int MAX_REASON_CHARACTERS = 1_000;
    private static final Pattern VERSION_TAG = Pattern.compile("\"?(?:[a-z0-9_-]+:)?(\\d{1,9})\"?");

    private static final Pattern KEY = Pattern.compile("\"?([\\x21\\x23-\\x7e]{1,255})\"?");

    /**
     * @param verb is part of what an idempotency key stands for
     */
    static ChangeRequest read(String verb, JsonNode body, Optional<String> ifMatch, Optional<String> idempotencyKey) {
        Fields fields = Fields.of(body);
        String reason = fields.text("reason").orElse("");
        if (reason.length() > MAX_REASON_CHARACTERS) {
            throw Fields.refuse(
                    "reason",
                    "reason has %d characters, expected at most %d".formatted(reason.length(), MAX_REASON_CHARACTERS));
        }
        Optional<IdempotencyKey> key = idempotencyKey.map(header -> key(header, verb, body, ifMatch));
        return new ChangeRequest(
                fields.integer("to"),
                new AdminAction(PRINCIPAL, reason, expected(ifMatch), fields.flag("dryRun", false), key));
    }

    private static IdempotencyKey key(String header, String verb, JsonNode body, Optional<String> ifMatch) {
        var key = KEY.matcher(header.strip());
        if (!key.matches()) {
            throw ErrorReply.of(
                            ErrorCode.INVALID_REQUEST,
                            "Idempotency-Key is '%s', expected 1 to 255 visible ASCII characters".formatted(header))
                    .asException();
        }
        String asked = String.join("\n", PRINCIPAL, verb, ifMatch.orElse(""), body.toString());
        return new IdempotencyKey(key.group(1), Digests.sha256(asked));
    }

    private static OptionalInt expected(Optional<String> ifMatch) {
        if (ifMatch.isEmpty() || ifMatch.get().strip().equals("*")) {
            return OptionalInt.empty();
        }
        var tag = VERSION_TAG.matcher(ifMatch.get().strip());
        if (!tag.matches()) {
            throw ErrorReply.of(
                            ErrorCode.INVALID_REQUEST,
                            "If-Match is %s, expected the number of the serving version, as in \"7\""
                                    .formatted(ifMatch.get()))
                    .asException();
        }
        return OptionalInt.of(Integer.parseInt(tag.group(1)));
    }
}
