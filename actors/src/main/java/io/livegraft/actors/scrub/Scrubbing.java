package io.livegraft.actors.scrub;

import io.livegraft.gpu.error.LivegraftException;
import java.util.Optional;

/** Scrubs on demand, one at a time. */
public interface Scrubbing {
    /** Begins one, unless one runs: then that one. */
    Scrub start();

    /** The running one, else the last that ended; empty before the first. */
    Optional<Scrub> latest();

    /** One scrub. */
    sealed interface Scrub {
        /** Names it; later ones have greater numbers. */
        long id();

        /** Not at its end. */
        record Running(long id) implements Scrub {}

        /** Everything was read. */
        record Done(long id, ScrubReport report) implements Scrub {}

        /** It could not be done to its end. */
        record Failed(long id, LivegraftException reason) implements Scrub {}
    }
}
