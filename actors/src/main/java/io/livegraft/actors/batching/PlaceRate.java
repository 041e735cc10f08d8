package io.livegraft.actors.batching;

import java.time.Duration;
import java.util.Optional;

/**
 * How fast places on the device have become free while others waited for them. What ended while nobody waited tells how
 * much was asked for, not how much can be done.
 */
final class PlaceRate {
    private final ServiceRate rate = new ServiceRate();
    private final int places;
    private boolean awaited;

    PlaceRate(int places) {
        this.places = places;
    }

    /** An answer has left the device; {@code waiting} others wait for a place. */
    void left(int waiting, long nowNanos) {
        if (waiting > 0 && awaited) {
            rate.ended(nowNanos);
        } else {
            rate.begun(nowNanos);
        }
        awaited = waiting > 0;
    }

    /** In which so many become free; untold before each of them did once, since answers that begin together end together. */
    Optional<Duration> durationOf(double leaving, long nowNanos) {
        return rate.counted() >= Math.min(places, ServiceRate.REMEMBERED)
                ? rate.durationOf(leaving, nowNanos)
                : Optional.empty();
    }
}
