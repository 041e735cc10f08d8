package io.livegraft.gateway.admin;

import io.livegraft.actors.node.TrainerStatus;
import java.util.OptionalDouble;

/**
 * How far a tenant's trainer is.
 *
 * @param lastLoss null before the first step
 */
record TrainingView(
        String tenant,
        long step,
        int partition,
        long offset,
        long trained,
        long heldOut,
        long duplicates,
        long skipped,
        OptionalDouble lastLoss,
        String checkpointDigest) {
    static TrainingView of(TrainerStatus status) {
        return new TrainingView(
                status.tenant(),
                status.step(),
                status.partition(),
                status.offset(),
                status.trained(),
                status.heldOut(),
                status.duplicates(),
                status.skipped(),
                Double.isNaN(status.lastLoss()) ? OptionalDouble.empty() : OptionalDouble.of(status.lastLoss()),
                status.checkpointDigest());
    }
}
