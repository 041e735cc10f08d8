package io.livegraft.actors.trainer;

import io.livegraft.actors.checkpoint.ArtifactStore;
import io.livegraft.actors.checkpoint.CheckpointStore;
import io.livegraft.proto.checkpoint.Checkpoint;
import java.io.IOException;

/** Makes one tenant's states durable. Blocks. */
record StateStore(
        String tenant,
        int partition,
        String baseName,
        TrainingBasis basis,
        CheckpointStore checkpoints,
        ArtifactStore artifacts,
        TenantLog log) {
    static StateStore of(Trainer.Environment environment, String tenant, int partition) {
        return new StateStore(
                tenant,
                partition,
                environment.baseName(),
                environment.basis(),
                environment.checkpoints(),
                environment.artifacts(),
                environment.log());
    }

    TrainerState save(TrainerState state) throws IOException {
        return state.saved(checkpoints.store(encoded(state)));
    }

    /**
     * It stays for as long as the version does. The adapter's files are written first: a manifest in a checkpoint never names
     * files that are not there.
     */
    TrainerState save(TrainerState state, TrainerCore.Offer offer) throws IOException {
        String version = artifacts.write(state.training().adapter(), baseName);
        TrainerState offering =
                state.offering(new OfferManifests(basis, tenant, partition).manifest(state, offer, version));
        return offering.saved(checkpoints.store(encoded(offering), version));
    }

    /**
     * What the line of this state forgets: older checkpoints, and events in what this node keeps of the log. Nothing else of it is
     * left here then.
     */
    void dropForgotten(TrainerState state) throws IOException {
        if (state.line().forgets()) {
            checkpoints.dropBefore(tenant, state.line().offset());
        }
        if (!state.line().equals(Line.FIRST)) { // a forget may have come before this line
            log.removeForgotten(tenant, partition, state.line().offset());
        }
    }

    private Checkpoint encoded(TrainerState state) {
        return new CheckpointCodec(basis).encode(tenant, basis.topic(), partition, state);
    }
}
