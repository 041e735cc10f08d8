package io.livegraft.simulation.swap;

import java.time.Duration;

/**
 * What is measured.
 *
 * @param run its swaps are without end
 * @param rounds of eight blocks each
 * @param block how long a block's requests come in
 * @param rollbacks timed ones
 * @param restarts each of them leaves every tenant cold
 */
record CostSettings(SwapSettings run, int rounds, Duration block, int rollbacks, int restarts) {}
