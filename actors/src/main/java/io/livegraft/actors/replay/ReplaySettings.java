package io.livegraft.actors.replay;

import com.typesafe.config.Config;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.time.Duration;

/**
 * Section {@code livegraft.replay} of the configuration.
 *
 * @param waitingRebuilds rebuilds that may wait for the running one; more are refused as overloaded
 * @param keptRebuilds ended ones whose reports can still be asked for
 * @param patience how long a log may give nothing while more must come
 */
public record ReplaySettings(int waitingRebuilds, int keptRebuilds, Duration patience) {
    public ReplaySettings {
        if (waitingRebuilds < 1 || keptRebuilds < 1 || patience.isNegative() || patience.isZero()) {
            throw new LivegraftException(
                    ErrorCode.INVALID_CONFIGURATION,
                    "livegraft.replay.waiting-rebuilds is %d and kept-rebuilds %d, expected at least 1; patience is %s, expected above 0"
                            .formatted(waitingRebuilds, keptRebuilds, patience));
        }
    }

    public static ReplaySettings from(Config replay) {
        return new ReplaySettings(
                replay.getInt("waiting-rebuilds"), replay.getInt("kept-rebuilds"), replay.getDuration("patience"));
    }
}
