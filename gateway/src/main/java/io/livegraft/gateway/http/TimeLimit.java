package io.livegraft.gateway.http;

import io.livegraft.gateway.wire.Fields;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Stream;

/**
 * How long a whole answer may take: field {@code timeout} of the request, header {@value #HEADER}, or the shorter one of
 * both. Seconds, which may have a fraction.
 */
final class TimeLimit {
    /** For clients and proxies that set one limit for every request and leave bodies alone. */
    static final String HEADER = "x-livegraft-timeout-seconds";

    private static final String FIELD = "timeout";
    private static final int MOST_SECONDS = 86_400;

    private TimeLimit() {}

    static Optional<Duration> read(Fields fields, Optional<String> header) {
        OptionalDouble field = fields.number(FIELD);
        Optional<Duration> own = field.isPresent()
                ? Optional.of(limit(FIELD, field.getAsDouble(), String.valueOf(field.getAsDouble())))
                : Optional.empty();
        Optional<Duration> outer = header.map(text -> limit(HEADER, seconds(text), "'" + text + "'"));
        return Stream.of(own, outer).flatMap(Optional::stream).min(Duration::compareTo);
    }

    /** NaN, which is no limit at all, for what is no number. */
    private static double seconds(String text) {
        try {
            return Double.parseDouble(text);
        } catch (NumberFormatException noNumber) {
            return Double.NaN;
        }
    }

    private static Duration limit(String name, double seconds, String shown) {
        if (!(seconds > 0 && seconds <= MOST_SECONDS)) {
            throw Fields.refuse(
                    name, "%s is %s, expected seconds above 0, at most %d".formatted(name, shown, MOST_SECONDS));
        }
        return Duration.ofMillis(Math.max(1, Math.round(seconds * 1000)));
    }
}
