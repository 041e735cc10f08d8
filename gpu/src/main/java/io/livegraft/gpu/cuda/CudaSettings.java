package io.livegraft.gpu.cuda;

import com.typesafe.config.Config;

/**
 * Section {@code livegraft.engine.cuda} of the configuration.
 *
 * @param device ordinal of the device
 * @param memoryBytes of the device that are taken, once, at the start; 0 takes {@code memoryShare} of what is free
 * @param memoryShare more than 0, at most 1
 * @param stagingBytes page-locked memory of the host that values pass through
 * @param metadataBytes page-locked memory, and as much on the device, for token ids, positions and tables of launches
 * @param copyBytes of bfloat16 copies of quantized weights at most, in memory that nothing else needs; never changes a bit
 * @param graphs recorded decode steps that are kept; 0 records none. Never changes a bit of any result
 * @param offload what may live in the host's memory instead
 * @param plannedRank of the adapters that the memory plan counts with
 */
public record CudaSettings(
        int device,
        long memoryBytes,
        double memoryShare,
        int stagingBytes,
        int metadataBytes,
        long copyBytes,
        int graphs,
        OffloadSettings offload,
        int plannedRank) {
    public CudaSettings {
        if (device < 0
                || memoryBytes < 0
                || !(memoryShare > 0 && memoryShare <= 1)
                || stagingBytes < 4096
                || metadataBytes < 4096
                || copyBytes < 0
                || graphs < 0
                || plannedRank < 1) {
            throw new IllegalArgumentException(
                    "cuda settings out of range: device %d, memory %d, weight-copies %d and graphs %d at least 0, memory-share %s above 0 and at most 1, staging %d and metadata %d at least 4096 bytes, planned-rank %d at least 1"
                            .formatted(
                                    device,
                                    memoryBytes,
                                    copyBytes,
                                    graphs,
                                    memoryShare,
                                    stagingBytes,
                                    metadataBytes,
                                    plannedRank));
        }
    }

    /** Of the section itself. */
    public static CudaSettings from(Config cuda) {
        return new CudaSettings(
                cuda.getInt("device"),
                cuda.getBytes("memory"),
                cuda.getDouble("memory-share"),
                Math.toIntExact(cuda.getBytes("staging")),
                Math.toIntExact(cuda.getBytes("metadata")),
                cuda.getBytes("weight-copies"),
                cuda.getInt("graphs"),
                OffloadSettings.from(cuda),
                cuda.getInt("planned-rank"));
    }
}
