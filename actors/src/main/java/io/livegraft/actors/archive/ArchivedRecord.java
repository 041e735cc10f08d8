package io.livegraft.actors.archive;

import java.util.Optional;

/**
 * A record as the log has it.
 *
 * @param logMillis the time the log gave it
 */
public record ArchivedRecord(long offset, long logMillis, Optional<byte[]> key, Optional<byte[]> value) {
    /** About what it takes in memory and on disk, in bytes. */
    int size() {
        return Frame.OVERHEAD_BYTES
                + key.map(bytes -> bytes.length).orElse(0)
                + value.map(bytes -> bytes.length).orElse(0);
    }
}
