package io.livegraft.gpu.bench;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;

/** Refuses sizes that nothing can be measured with, as {@link ErrorCode#INVALID_CONFIGURATION}. */
final class AtLeast {
    private AtLeast() {}

    static void require(int least, String option, int value) {
        if (value < least) {
            throw new LivegraftException(
                    ErrorCode.INVALID_CONFIGURATION, "%s is %d, expected at least %d".formatted(option, value, least));
        }
    }
}
