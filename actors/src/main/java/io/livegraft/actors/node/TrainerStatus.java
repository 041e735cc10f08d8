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
 * @param capped records over the cap of their principal
 * @param undone records that a reset has undone
 * @param lastLoss mean NLL per target token of the latest step; NaN before the first
 * @param checkpointDigest of the latest checkpoint on disk; empty before the first
 * @param lineOffset of the forget or reset from which on the state is a replay of the log; 0 where there was none
 * @param atRest whether all of its log is in that checkpoint and nothing is due: only another record changes anything
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
        long capped,
        long undone,
        double lastLoss,
        String checkpointDigest,
        long lineOffset,
        boolean atRest) {}
