package io.livegraft.simulation.swap;

import java.nio.file.Path;

/**
 * One run.
 *
 * @param swaps changes of what serves, at least
 * @param tenants that requests are dealt to
 * @param rate requests a second, as a Poisson process
 * @param swapRate most changes a second; 0 is as many as the node takes
 * @param base a directory
 * @param directory of everything that the run writes
 */
record SwapSettings(int swaps, long seed, int tenants, double rate, double swapRate, Path base, Path directory) {
    /** So many swaps at that rate; 0 is as fast as the node takes them. */
    SwapSettings swapping(int number, double swapsPerSecond) {
        return new SwapSettings(number, seed, tenants, rate, swapsPerSecond, base, directory);
    }

    /** The id of tenant {@code index}. */
    static String tenant(int index) {
        return "swap-" + index;
    }

    /** The name that the base goes by. */
    String baseName() {
        return base.getFileName().toString();
    }

    Path state() {
        return directory.resolve("state");
    }
}
