package io.livegraft.actors.scrub;

import io.livegraft.actors.archive.FeedbackArchive;
import io.livegraft.actors.checkpoint.ArtifactStore;
import io.livegraft.actors.checkpoint.CheckpointStore;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * What is scrubbed.
 *
 * @param tenants that the registry knows
 * @param versions digests of the adapters that the registry names of a tenant
 */
public record Stores(
        CheckpointStore checkpoints,
        ArtifactStore artifacts,
        Optional<FeedbackArchive> archive,
        Supplier<Iterable<String>> tenants,
        Function<String, Set<String>> versions) {}
