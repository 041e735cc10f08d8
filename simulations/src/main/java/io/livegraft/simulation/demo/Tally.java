package io.livegraft.simulation.demo;

import java.util.Optional;

/** What became of the requests that were sent beside the feedback. */
final class Tally {
    /**
     * So far.
     *
     * @param deferred requests that were due while too many were still running, and were never sent
     * @param mixed answers of which not every part named the same version
     * @param firstFailure in words
     */
    record Count(int requests, int failed, int deferred, int mixed, Optional<String> firstFailure) {}

    private int requests;
    private int failed;
    private int deferred;
    private int mixed;
    private Optional<String> firstFailure = Optional.empty();

    synchronized void answered(boolean ofOneVersion) {
        requests++;
        mixed += ofOneVersion ? 0 : 1;
    }

    synchronized void failed(String reason) {
        requests++;
        failed++;
        if (firstFailure.isEmpty()) {
            firstFailure = Optional.of(reason);
        }
    }

    synchronized void deferred() {
        deferred++;
    }

    synchronized Count count() {
        return new Count(requests, failed, deferred, mixed, firstFailure);
    }
}
