package io.livegraft.gpu.bench;

/** Wall-clock time, in seconds. */
final class Stopwatch {
    private final long begin = System.nanoTime();

    /** Since this was made. */
    double seconds() {
        return (System.nanoTime() - begin) / 1e9;
    }
}
