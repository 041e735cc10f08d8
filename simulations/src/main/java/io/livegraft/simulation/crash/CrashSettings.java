package io.livegraft.simulation.crash;

import io.livegraft.simulation.run.RunOptions;
import java.nio.file.Path;

/**
 * One run.
 *
 * @param kills of the node
 * @param tenants that events are dealt to
 * @param events records sent to the log, duplicates and bad ones among them
 * @param controls how many of them, about, are forgets, resets and configurations
 * @param base a directory
 * @param directory of everything that the run writes
 */
record CrashSettings(int kills, long seed, int tenants, int events, int controls, Path base, Path directory) {
    static final int PARTITIONS = 3;
    /** As the node's default: of 256, event ids whose SHA-256 begins below it are kept for evaluation. */
    static final int HELD_OUT_SHARE = 26;
    /** As the node's default. */
    static final String LOSS = "sft";

    /** Control records are so far apart at least: most of them have a tenant's log read again. */
    private static final int CONTROL_STRIDE = 20;

    /** {@code folder} begins the name of a temporary directory. */
    static CrashSettings of(RunOptions options, int faults, int records, int controls, String folder) {
        return new CrashSettings(
                faults,
                options.seed(),
                options.tenants(),
                records,
                controls,
                options.base(),
                options.directory(folder));
    }

    /** The id of tenant {@code index}. */
    static String tenant(int index) {
        return "crash-" + index;
    }

    /** Whether record {@code index} of the run is a control record. */
    boolean controls(int index) {
        int stride = controls == 0 ? Integer.MAX_VALUE : Math.max(CONTROL_STRIDE, Math.ceilDiv(events, controls));
        return index % stride == stride - 1;
    }

    /** Room for every id, so that the final window shows each of them. */
    int eventWindow() {
        return Math.max(1024, 32 * Math.ceilDiv(2 * events, 32));
    }
}
