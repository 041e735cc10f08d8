package io.livegraft.actors.bench;

import io.livegraft.gpu.quality.Machine;
import java.util.List;

/**
 * How fast records got from the broker's log to their trainers, beside a bare consumer that polls and decodes nothing.
 *
 * @param recordBytes mean size of a value
 * @param recordsPerSecond decoded, checked, tokenized, routed, and taken by the tenants' trainers, which never close a step
 * @param bareRecordsPerSecond the limit: the same log, polled only
 * @param ratio of both
 */
public record IngestReport(
        Machine machine,
        IngestBenchSettings settings,
        double recordBytes,
        double writtenPerSecond,
        double bareRecordsPerSecond,
        double recordsPerSecond,
        double ratio,
        List<Milestone> milestones) {
    /**
     * The state of things on the way.
     *
     * @param recordsPerSecond since the milestone before
     * @param heapBytes in use after a collection
     */
    public record Milestone(long records, double recordsPerSecond, long heapBytes) {}
}
