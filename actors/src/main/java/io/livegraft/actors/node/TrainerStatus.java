package io.livegraft.actors.node;

/**
 * How far one tenant's trainer is.
 *
 * @param step optimizer steps taken
 * @param offset last log offset that is part of its state
 * @param trained records learned from
 * @param heldOut records kept for evaluation
 * @param duplicates records whose event id was seen before
 * @param skipped records with nothing to imitate
 * @param lastLoss mean NLL per target token of the latest step; NaN before the first
 * @param checkpointDigest of the latest checkpoint on disk; empty before the first
 */
public record TrainerStatus(
        String tenant,
        long step,
        int partition,
        long offset,
        long trained,
        long heldOut,
        long duplicates,
        long skipped,
        double lastLoss,
        String checkpointDigest) {}
