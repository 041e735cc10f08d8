package io.livegraft.actors.scrub;

import com.typesafe.config.Config;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.time.Duration;

/**
 * Section {@code livegraft.scrub} of the configuration.
 *
 * @param interval between two scrubs that nobody asks for; zero is never
 * @param grace how long an adapter's files may be there before something names them
 * @param listed most damaged names that a report lists
 */
public record ScrubSettings(Duration interval, Duration grace, int listed) {
    public ScrubSettings {
        if (interval.isNegative() || grace.isNegative() || listed < 1) {
            throw new LivegraftException(
                    ErrorCode.INVALID_CONFIGURATION,
                    "livegraft.scrub: interval %s and grace %s must not be negative, listed %d at least 1"
                            .formatted(interval, grace, listed));
        }
    }

    public static ScrubSettings from(Config scrub) {
        return new ScrubSettings(scrub.getDuration("interval"), scrub.getDuration("grace"), scrub.getInt("listed"));
    }
}
