package io.livegraft.simulation.crash;

import java.util.List;

/**
 * What a node came to for one tenant.
 *
 * @param digest of its newest checkpoint as the node reports it
 * @param intact whether the checkpoint's bytes have that digest
 * @param ids that the checkpoint remembers, oldest first
 * @param counts in the checkpoint
 * @param settled whether every step was offered and every offer decided
 * @param version number of the newest published one
 * @param versions digests of the retained adapters, oldest first
 */
record Found(
        String digest,
        boolean intact,
        long offset,
        List<String> ids,
        Ledger.Counts counts,
        boolean settled,
        int version,
        List<String> versions) {}
