package io.livegraft.gpu.backend;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.util.Locale;

/** Setting {@code livegraft.engine.profile}: whether a tenant's numbers never depend on its neighbours (law 3). Training's never do. */
public enum NumericProfile {
    /** Each operation's order of sums is its own. */
    INVARIANT,
    /** A library may choose it by shape, for prompts. */
    FAST;

    /** What a backend's {@link Backend#profile} has in it where it is {@link #FAST}, before the library's name. */
    public static final String FAST_MARK = "+fast-";

    /**
     * As the setting says it.
     *
     * @throws LivegraftException {@link ErrorCode#INVALID_CONFIGURATION} for another word
     */
    public static NumericProfile of(String name) {
        return switch (name) {
            case "invariant" -> INVARIANT;
            case "fast" -> FAST;
            default ->
                throw new LivegraftException(
                        ErrorCode.INVALID_CONFIGURATION,
                        "livegraft.engine.profile is '%s', expected invariant or fast".formatted(name));
        };
    }

    /** Of a backend, or an engine, whose profile this is. */
    public static NumericProfile ofBackend(String profile) {
        return profile.contains(FAST_MARK) ? FAST : INVARIANT;
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
