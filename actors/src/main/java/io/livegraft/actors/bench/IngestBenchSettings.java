package io.livegraft.actors.bench;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.nio.file.Path;

/**
 * What is measured.
 *
 * @param base whose tokenizer and shape are used; its weights are not
 * @param directory for the broker's log and the checkpoints
 * @param records of the log
 * @param tenants among which they are spread evenly
 * @param tokenizing whether the base's tokenizer makes the examples; else each byte is a token, as cheap as it gets
 */
public record IngestBenchSettings(
        Path base, Path directory, long records, int tenants, int partitions, boolean tokenizing) {
    public IngestBenchSettings {
        if (tenants < 1 || partitions < 1 || records < tenants) {
            throw new LivegraftException(
                    ErrorCode.INVALID_CONFIGURATION,
                    "records is %d, tenants %d and partitions %d, expected at least 1 of each and a record for each tenant"
                            .formatted(records, tenants, partitions));
        }
    }
}
