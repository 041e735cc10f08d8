package io.livegraft.actors.archive;

import com.typesafe.config.Config;
import java.time.Duration;

/**
 * Section {@code livegraft.archive}.
 *
 * @param segmentBytes at which a segment is closed and the next one begun
 * @param pendingBytes of records that may wait to be written, of one partition
 * @param retention by log time, beyond which whole segments are dropped; zero keeps everything
 */
public record ArchiveSettings(boolean enabled, int segmentBytes, int pendingBytes, Duration retention) {
    public ArchiveSettings {
        if (segmentBytes < 1 || pendingBytes < 1) {
            throw new IllegalArgumentException(
                    "livegraft.archive: segment-bytes %d and pending-bytes %d must be at least 1"
                            .formatted(segmentBytes, pendingBytes));
        }
        if (retention.isNegative()) {
            throw new IllegalArgumentException(
                    "livegraft.archive.retention %s must not be negative".formatted(retention));
        }
    }

    public static ArchiveSettings from(Config archive) {
        return new ArchiveSettings(
                archive.getBoolean("enabled"),
                Math.toIntExact(archive.getBytes("segment-bytes")),
                Math.toIntExact(archive.getBytes("pending-bytes")),
                archive.getDuration("retention"));
    }
}
