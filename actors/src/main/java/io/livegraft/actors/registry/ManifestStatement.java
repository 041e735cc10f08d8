package io.livegraft.actors.registry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import io.livegraft.actors.evaluation.EvaluationReport;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Optional;

/**
 * What is signed of a version: everything that is said about it, and whose it is.
 *
 * @param previousEnvelope chains it to the version before
 */
record ManifestStatement(
        String tenant,
        int version,
        String adapterDigest,
        String parentDigest,
        long step,
        int partition,
        long offset,
        EvaluationReport evaluation,
        Instant publishedAt,
        Lineage lineage,
        String previousEnvelope) {
    static final String PAYLOAD_TYPE = "application/vnd.livegraft.manifest+json";

    private static final JsonMapper JSON = JsonMapper.builder()
            .addModule(new Jdk8Module())
            .addModule(new JavaTimeModule())
            .enable(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
            .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS)
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    static ManifestStatement of(String tenant, AdapterVersion version) {
        return new ManifestStatement(
                tenant,
                version.number(),
                version.digest(),
                version.parentDigest(),
                version.step(),
                version.partition(),
                version.offset(),
                version.evaluation(),
                version.publishedAt(),
                version.lineage(),
                version.previousEnvelope());
    }

    /** Empty where the bytes are no statement. */
    static Optional<ManifestStatement> parse(byte[] json) {
        try {
            return Optional.of(JSON.readValue(json, ManifestStatement.class));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    byte[] json() {
        try {
            return JSON.writeValueAsString(this).getBytes(StandardCharsets.UTF_8);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a statement of plain values can be written", e);
        }
    }
}
