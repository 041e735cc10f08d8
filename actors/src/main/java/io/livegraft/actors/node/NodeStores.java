package io.livegraft.actors.node;

import io.livegraft.actors.archive.FeedbackArchive;
import io.livegraft.actors.checkpoint.AdapterCopies;
import io.livegraft.actors.checkpoint.ArtifactStore;
import io.livegraft.actors.checkpoint.CheckpointStore;
import io.livegraft.actors.checkpoint.VersionFiles;
import io.livegraft.actors.disk.Disk;
import io.livegraft.actors.metrics.AdapterTier;
import io.livegraft.actors.metrics.Metrics;
import io.livegraft.actors.object.FileObjectStore;
import io.livegraft.actors.object.ObjectStore;
import io.livegraft.actors.object.ObjectStoreSettings;
import io.livegraft.actors.object.S3ObjectStore;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import software.amazon.awssdk.auth.credentials.EnvironmentVariableCredentialsProvider;

/**
 * What a node keeps for good besides its registry; each is there once.
 *
 * @param archive empty where it is switched off
 */
record NodeStores(CheckpointStore checkpoints, ArtifactStore artifacts, Optional<FeedbackArchive> archive) {
    /** INVALID_CONFIGURATION where one of their directories can't be used. */
    static NodeStores open(NodeSettings settings, StateDirectory state, Disk disk, Metrics metrics) {
        try {
            return new NodeStores(
                    new CheckpointStore(
                            objects(settings.objectStore(), "checkpoints", state, disk),
                            settings.trainer().retainedCheckpoints()),
                    new ArtifactStore(
                            objects(settings.objectStore(), "adapters", state, disk), copies(settings, state, metrics)),
                    settings.archive().enabled()
                            ? Optional.of(FeedbackArchive.open(disk, state.resolve("archive"), settings.archive()))
                            : Optional.empty());
        } catch (IOException e) {
            throw new LivegraftException(
                    ErrorCode.INVALID_CONFIGURATION,
                    "the stores in %s can't be used: %s".formatted(state.resolve(""), e.getMessage()),
                    e);
        }
    }

    VersionFiles versions() {
        return new VersionFiles(artifacts, checkpoints);
    }

    /** None where the store is on this machine's disk itself. */
    private static Optional<AdapterCopies> copies(NodeSettings settings, StateDirectory state, Metrics metrics)
            throws IOException {
        long mostBytes = settings.serving().diskBytes();
        if (mostBytes == 0 || settings.objectStore() instanceof ObjectStoreSettings.LocalFiles) {
            return Optional.empty();
        }
        return Optional.of(AdapterCopies.open(
                state.resolve("adapter-copies"),
                mostBytes,
                (adapters, bytes) -> metrics.resident(AdapterTier.DISK, adapters, bytes)));
    }

    private static ObjectStore objects(ObjectStoreSettings settings, String name, StateDirectory state, Disk disk)
            throws IOException {
        return switch (settings) {
            case ObjectStoreSettings.LocalFiles files -> FileObjectStore.open(disk, state.resolve(name));
            case ObjectStoreSettings.SharedFiles(Path directory) -> {
                disk.createDirectory(directory.toAbsolutePath());
                yield FileObjectStore.open(disk, directory.resolve(name), state.nodeId());
            }
            case ObjectStoreSettings.S3 s3 ->
                new S3ObjectStore(s3, name + "/", EnvironmentVariableCredentialsProvider.create());
        };
    }
}
