package io.livegraft.actors.checkpoint;

import java.io.IOException;

/** What is kept of versions besides the registry's decisions: their adapters, and the checkpoints they can be reset to. */
public record VersionFiles(ArtifactStore artifacts, CheckpointStore checkpoints) {
    /** Of a version that nobody can ask for any more; again is fine. */
    public void drop(String tenant, String version) throws IOException {
        checkpoints.unpin(tenant, version);
        artifacts.delete(version);
    }
}
