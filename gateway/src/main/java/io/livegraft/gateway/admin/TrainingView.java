package io.livegraft.gateway.admin;

import io.livegraft.actors.node.TrainerStatus;
import java.util.OptionalDouble;

/**
 * How far a tenant's trainer is.
 *
 * @param lastLoss null before the first step
 * @param lineOffset of the forget or reset from which on the state is a replay of the log; 0 where there was none
 * @param atRest whether only another record changes anything
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
        long capped,
        long undone,
        OptionalDouble lastLoss,
        String checkpointDigest,
        long lineOffset,
        boolean atRest) {
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
                status.capped(),
                status.undone(),
                Double.isNaN(status.lastLoss()) ? OptionalDouble.empty() : OptionalDouble.of(status.lastLoss()),
                status.checkpointDigest(),
                status.lineOffset(),
                status.atRest());
    }
}
