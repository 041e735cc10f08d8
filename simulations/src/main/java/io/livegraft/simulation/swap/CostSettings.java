package io.livegraft.simulation.swap;

import java.time.Duration;

/**
 * What is measured.
 *
 * @param run its swaps are without end
 * @param warmUp swaps before anything counts, as many a second as the node takes: its compilers are done by then
 * @param rounds of eight blocks each
 * @param block how long a block's requests come in
 * @param heldUp swaps whose hold-up counts, as many a second as the node takes, and as many once more at {@link #STEADY}
 * @param rollbacks timed ones
 * @param restarts each of them leaves every tenant cold
 */
record CostSettings(SwapSettings run, int warmUp, int rounds, Duration block, int heldUp, int rollbacks, int restarts) {
    /** Swaps a second that leave a node time to do other things. */
    static final double STEADY = 100;
}
