package io.livegraft.gateway.http;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.livegraft.actors.node.ServedVersion;
import java.time.Instant;
import java.util.UUID;

/**
 * What every part of one answer repeats.
 *
 * @param id {@code cmpl-…} or {@code chatcmpl-…}
 * @param createdSeconds since the epoch
 * @param version the one version that makes the answer
 * @param fingerprint first characters of the base's digest and of the adapter's
 */
record AnswerIdentity(String id, long createdSeconds, ServedVersion version, String fingerprint) {
    private static final int DIGEST_CHARACTERS = 10;

    static AnswerIdentity create(String prefix, ServedVersion version, String baseDigest) {
        String id = prefix + UUID.randomUUID().toString().replace("-", "");
        String fingerprint = "fp_" + start(baseDigest) + (version.number() == 0 ? "" : "_" + start(version.digest()));
        return new AnswerIdentity(id, Instant.now().getEpochSecond(), version, fingerprint);
    }

    /** An OpenAI object of this answer without choices. */
    ObjectNode object(String kind) {
        ObjectNode object = JsonNodeFactory.instance.objectNode();
        object.put("id", id);
        object.put("object", kind);
        object.put("created", createdSeconds);
        object.put("model", version.label());
        object.put("system_fingerprint", fingerprint);
        return object;
    }

    private static String start(String digest) {
        return digest.substring(0, Math.min(DIGEST_CHARACTERS, digest.length()));
    }
}
