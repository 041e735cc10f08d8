package io.livegraft.actors.ingest;

import com.typesafe.config.Config;
import io.livegraft.actors.trainer.LogBounds;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.time.Duration;

/**
 * Section {@code livegraft.ingest} of the configuration.
 *
 * @param consumerGroup of the nodes that train
 * @param recordBytes largest value of a record
 * @param messages most turns of a conversation
 * @param inFlight entries of one partition that may wait for their trainers before reading it pauses
 * @param pollRecords most records fetched at once
 * @param sessionTimeout after which a member that went silent loses its partitions
 * @param handover how long a partition that moves may take to stop its trainers
 * @param listedTenants most tenants without a trainer whose checkpoints are read for a list of all
 * @param tickInterval how often an overdue step is looked for
 * @param commitInterval how often the low-water mark is committed
 * @param restart pause before reading starts again after a failure
 */
public record IngestSettings(
        String consumerGroup,
        int recordBytes,
        int messages,
        int inFlight,
        int pollRecords,
        Duration sessionTimeout,
        Duration handover,
        int listedTenants,
        Duration tickInterval,
        Duration commitInterval,
        Duration restart) {
    public IngestSettings {
        if (recordBytes < 1 || messages < 1 || inFlight < 1 || pollRecords < 1 || listedTenants < 0) {
            throw new LivegraftException(
                    ErrorCode.INVALID_CONFIGURATION,
                    "livegraft.ingest: record-bytes %d, messages %d, in-flight %d and poll-records %d must be at least 1, listed-tenants %d at least 0"
                            .formatted(recordBytes, messages, inFlight, pollRecords, listedTenants));
        }
    }

    /**
     * What decides which records have a part in states.
     *
     * @param sequenceTokens that the base can attend to
     */
    public LogBounds bounds(int sequenceTokens) {
        return new LogBounds(recordBytes, messages, sequenceTokens);
    }

    public static IngestSettings from(Config ingest) {
        return new IngestSettings(
                ingest.getString("consumer-group"),
                ingest.getInt("record-bytes"),
                ingest.getInt("messages"),
                ingest.getInt("in-flight"),
                ingest.getInt("poll-records"),
                ingest.getDuration("session-timeout"),
                ingest.getDuration("handover"),
                ingest.getInt("listed-tenants"),
                ingest.getDuration("tick-interval"),
                ingest.getDuration("commit-interval"),
                ingest.getDuration("restart"));
    }
}
