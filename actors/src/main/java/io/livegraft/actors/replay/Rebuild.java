package io.livegraft.actors.replay;

import io.livegraft.gpu.error.LivegraftException;
import java.util.SortedSet;

/** A version to be made anew from its log, and how far that is. */
public sealed interface Rebuild {
    /** Names the rebuild. */
    String id();

    Target target();

    /**
     * What is asked for.
     *
     * @param offset last log offset in the version
     * @param publishedDigest its adapter's
     * @param sameConfiguration whether it was made with the settings and the numeric profile that this node has now; with others
     *     the bits are others
     * @param without subjects to leave out
     */
    record Target(
            String tenant,
            int version,
            int partition,
            long offset,
            String publishedDigest,
            boolean sameConfiguration,
            SortedSet<String> without) {}

    /** Not at its end. */
    record Running(String id, Target target) implements Rebuild {}

    /**
     * At its end.
     *
     * @param events that had a part in it
     * @param steps optimizer steps
     * @param seconds from its beginning
     */
    record Done(String id, Target target, String rebuiltDigest, long events, long steps, double seconds)
            implements Rebuild {
        /** Whether the adapter has the published one's bits. */
        public boolean match() {
            return rebuiltDigest.equals(target.publishedDigest());
        }
    }

    /** Ended without a result. */
    record Failed(String id, Target target, LivegraftException reason) implements Rebuild {}
}
