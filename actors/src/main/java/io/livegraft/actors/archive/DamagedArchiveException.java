package io.livegraft.actors.archive;

import java.io.IOException;

/** Records that were durable are no longer whole, or no longer there. */
public final class DamagedArchiveException extends IOException {
    private static final long serialVersionUID = 1;

    DamagedArchiveException(String message) {
        super(message);
    }
}
