package io.livegraft.actors.bench;

import io.livegraft.gpu.quality.Machine;

/**
 * What tenants cost that have a checkpoint and nothing to do, and how fast they wake. Without the registry's part.
 *
 * @param heapBytesPerTenant growth of the heap from no tenant to all of them at rest, after a collection
 * @param startSeconds from the start of reading to membership in the consumer group with all of them registered
 * @param checkpointBytes mean size
 * @param wakes tenants woken one after another, each from its checkpoint file, which the system may have in memory
 * @param apartMillis between two events
 * @param wakeSeconds50 half of them took at most so long, from the record's arrival to the trainer that has taken it
 * @param wakeSeconds90 nine of ten at most so long
 * @param wakeSeconds99 and 99 of 100 at most so long; all are exact to 2 %
 */
public record TenantsReport(
        Machine machine,
        int tenants,
        double heapBytesPerTenant,
        double startSeconds,
        double checkpointBytes,
        long wakes,
        int apartMillis,
        double wakeSeconds50,
        double wakeSeconds90,
        double wakeSeconds99) {}
