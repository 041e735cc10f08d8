package io.livegraft.actors.trainer;

import io.livegraft.actors.checkpoint.Digests;
import io.livegraft.gpu.lora.PeftDirectory;
import io.livegraft.gpu.training.TrainingState;
import io.livegraft.proto.checkpoint.PublishManifest;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Everything a trainer is: a pure function of base, configuration and log prefix (law 1).
 *
 * @param checkpointDigest of the checkpoint stored last; empty before the first
 * @param savedThrough offset in that checkpoint; −1 before the first
 * @param lastOffer the version of this line offered last
 */
record TrainerState(
        TrainerCore core,
        TrainingState training,
        OptionalDouble lastLoss,
        String checkpointDigest,
        long savedThrough,
        Optional<PublishManifest> lastOffer,
        Line line) {

    TrainerState with(TrainerCore next) {
        return new TrainerState(next, training, lastLoss, checkpointDigest, savedThrough, lastOffer, line);
    }

    TrainerState trained(TrainerCore next, TrainingState trained, double loss) {
        return new TrainerState(
                next, trained, OptionalDouble.of(loss), checkpointDigest, savedThrough, lastOffer, line);
    }

    TrainerState offering(PublishManifest manifest) {
        return new TrainerState(core, training, lastLoss, checkpointDigest, savedThrough, Optional.of(manifest), line);
    }

    TrainerState saved(String digest) {
        return new TrainerState(core, training, lastLoss, digest, core.offset(), lastOffer, line);
    }

    /**
     * What a log that was read again made of core, adapter and moments, as the next state after this one. Older states that hold
     * what was forgotten are no parents.
     */
    TrainerState remade(TrainerState again, Line begun) {
        return new TrainerState(
                again.core(),
                again.training(),
                again.lastLoss(),
                begun.forgets() ? "" : checkpointDigest,
                savedThrough,
                Optional.empty(),
                begun);
    }

    /** SHA-256 of the adapter's file, as artifacts are named. */
    String adapterDigest() {
        return Digests.sha256(PeftDirectory.safetensors(training.adapter()));
    }

    /** Whether nothing but what the latest checkpoint holds has been taken from the log. */
    boolean settled() {
        return core.offset() == savedThrough;
    }
}
