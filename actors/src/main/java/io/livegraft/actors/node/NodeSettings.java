package io.livegraft.actors.node;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import io.livegraft.actors.archive.ArchiveSettings;
import io.livegraft.actors.batching.TenantSettings;
import io.livegraft.actors.cluster.ClusterSettings;
import io.livegraft.actors.device.DeviceSettings;
import io.livegraft.actors.evaluation.EvaluationSettings;
import io.livegraft.actors.ingest.IngestSettings;
import io.livegraft.actors.kafka.KafkaSettings;
import io.livegraft.actors.object.ObjectStoreSettings;
import io.livegraft.actors.registry.DatabaseSettings;
import io.livegraft.actors.registry.RegistrySettings;
import io.livegraft.actors.replay.ReplaySettings;
import io.livegraft.actors.scrub.ScrubSettings;
import io.livegraft.actors.serving.ServingSettings;
import io.livegraft.actors.trainer.TrainerSettings;
import io.livegraft.gpu.engine.EngineSettings;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.nio.file.Path;
import java.time.Duration;

/** Section {@code livegraft} of the configuration, read once and checked. */
public record NodeSettings(
        Path stateDirectory,
        EngineSettings engine,
        KafkaSettings kafka,
        IngestSettings ingest,
        ArchiveSettings archive,
        ObjectStoreSettings objectStore,
        TrainerSettings trainer,
        EvaluationSettings evaluation,
        RegistrySettings registry,
        ServingSettings serving,
        DeviceSettings device,
        TenantSettings tenants,
        ReplaySettings replay,
        ClusterSettings cluster,
        ScrubSettings scrub,
        Duration drain) {
    /** Of a tenant, where images cross nodes: they fit in one message of livegraft-cluster.conf. */
    private static final int MOST_VERSIONS = 500;

    public NodeSettings {
        if (cluster.several() && registry.database() instanceof DatabaseSettings.H2) {
            throw new IllegalArgumentException(
                    "livegraft.cluster.seed-nodes names other nodes, which can't share a database of kind h2;"
                            + " expected livegraft.registry.database.kind to be postgresql");
        }
        if (cluster.several() && registry.retainedVersions() > MOST_VERSIONS) {
            throw new IllegalArgumentException(
                    "livegraft.registry.retained-versions is %d, expected at most %d: all of a tenant's cross nodes at once"
                            .formatted(registry.retainedVersions(), MOST_VERSIONS));
        }
        if (cluster.several() && objectStore instanceof ObjectStoreSettings.LocalFiles) {
            throw new IllegalArgumentException(
                    "livegraft.cluster.seed-nodes names other nodes, which don't see this one's state directory;"
                            + " expected livegraft.object-store.kind to be s3, or livegraft.object-store.directory to be"
                            + " one that all of them see");
        }
    }

    /** INVALID_CONFIGURATION with the path and what was expected where a setting can't be used. */
    public static NodeSettings from(Config root) {
        try {
            Config livegraft = root.getConfig("livegraft");
            return new NodeSettings(
                    Path.of(livegraft.getString("state-directory")),
                    EngineSettings.from(livegraft.getConfig("engine")),
                    KafkaSettings.from(livegraft.getConfig("kafka")),
                    IngestSettings.from(livegraft.getConfig("ingest")),
                    ArchiveSettings.from(livegraft.getConfig("archive")),
                    ObjectStoreSettings.from(livegraft.getConfig("object-store")),
                    TrainerSettings.from(livegraft),
                    EvaluationSettings.from(livegraft.getConfig("evaluation")),
                    RegistrySettings.from(livegraft.getConfig("registry")),
                    ServingSettings.from(livegraft.getConfig("serving")),
                    DeviceSettings.from(livegraft.getConfig("device")),
                    TenantSettings.from(livegraft.getConfig("tenants")),
                    ReplaySettings.from(livegraft.getConfig("replay")),
                    ClusterSettings.from(livegraft.getConfig("cluster")),
                    ScrubSettings.from(livegraft.getConfig("scrub")),
                    livegraft.getDuration("serving.drain"));
        } catch (ConfigException | IllegalArgumentException e) {
            throw new LivegraftException(
                    ErrorCode.INVALID_CONFIGURATION, "the configuration can't be used: " + e.getMessage(), e);
        }
    }
}
