package io.livegraft.actors.ingest;

import com.typesafe.config.Config;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.time.Duration;

/**
 * Section {@code livegraft.ingest} of the configuration.
 *
 * @param consumerGroup of the nodes that train
 * @param recordBytes largest value of a record
 * @param messages most turns of a conversation
 * @param inFlight records of one partition that may wait for their trainers
 * @param tickInterval how often an overdue step is looked for
 * @param commitInterval how often the low-water mark is committed
 * @param restart pause before reading starts again after a failure
 */
public record IngestSettings(
        String consumerGroup,
        int recordBytes,
        int messages,
        int inFlight,
        Duration tickInterval,
        Duration commitInterval,
        Duration restart) {
    public IngestSettings {
        if (recordBytes < 1 || messages < 1 || inFlight < 1) {
            throw new LivegraftException(
                    ErrorCode.INVALID_CONFIGURATION,
                    "livegraft.ingest: record-bytes %d, messages %d and in-flight %d must be at least 1"
                            .formatted(recordBytes, messages, inFlight));
        }
    }

    public static IngestSettings from(Config ingest) {
        return new IngestSettings(
                ingest.getString("consumer-group"),
                ingest.getInt("record-bytes"),
                ingest.getInt("messages"),
                ingest.getInt("in-flight"),
                ingest.getDuration("tick-interval"),
                ingest.getDuration("commit-interval"),
                ingest.getDuration("restart"));
    }
}
