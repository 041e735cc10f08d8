package io.livegraft.gateway.http;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.livegraft.actors.registry.AdapterImage;
import io.livegraft.actors.registry.AdapterVersion;
import io.livegraft.actors.registry.TenantRow;
import java.util.List;
import java.util.Optional;

/**
 * An entry of {@code /v1/models}. As with OpenAI's fine-tuned models, {@code root} is the base and {@code parent} what
 * this one was trained from.
 *
 * @param created seconds since the epoch
 * @param serving extension: the version that answers for a tenant
 * @param versions extension: retained versions of a tenant, oldest first
 */
record Model(
        String id,
        String object,
        long created,
        String ownedBy,
        String root,
        Optional<String> parent,
        @JsonInclude(JsonInclude.Include.NON_EMPTY) Optional<String> serving,
        @JsonInclude(JsonInclude.Include.NON_EMPTY) List<String> versions) {
    private static final String OWNER = "livegraft";

    static Model base(String baseName, long created) {
        return new Model(baseName, "model", created, OWNER, baseName, Optional.empty(), Optional.empty(), List.of());
    }

    /** As the list shows a tenant, without its versions. */
    static Model tenant(TenantRow row, String baseName) {
        return new Model(
                row.tenant(),
                "model",
                row.updatedAt().getEpochSecond(),
                row.tenant(),
                baseName,
                Optional.of(baseName),
                Optional.of(row.tenant() + ":" + row.standing().serving()),
                List.of());
    }

    /** A tenant's name stands for its serving version, which is the base itself until there is one. */
    static Model tenant(AdapterImage image, String baseName, long startedSeconds) {
        String tenant = image.tenant();
        long created = image.servingVersion()
                .map(version -> version.publishedAt().getEpochSecond())
                .orElse(startedSeconds);
        List<String> versions =
                image.versions().stream().map(version -> label(tenant, version)).toList();
        Optional<String> serving = Optional.of(tenant + ":" + image.serving());
        return new Model(tenant, "model", created, tenant, baseName, Optional.of(baseName), serving, versions);
    }

    static Model version(AdapterImage image, AdapterVersion version, String baseName) {
        String tenant = image.tenant();
        String parent = image.versions().stream()
                .filter(candidate -> candidate.digest().equals(version.parentDigest()))
                .findFirst()
                .map(found -> label(tenant, found))
                .orElse(baseName);
        return new Model(
                label(tenant, version),
                "model",
                version.publishedAt().getEpochSecond(),
                tenant,
                baseName,
                Optional.of(parent),
                Optional.empty(),
                List.of());
    }

    private static String label(String tenant, AdapterVersion version) {
        return tenant + ":" + version.number();
    }
}
