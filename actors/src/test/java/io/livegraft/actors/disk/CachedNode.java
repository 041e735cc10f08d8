package io.livegraft.actors.disk;

import java.util.function.BooleanSupplier;

/** A file or a directory as the operating system has it in memory, and as it is on the platter. */
sealed interface CachedNode permits CachedFile, CachedDirectory {
    /** What is found when the power is back; {@code keep} decides about each thing that was not forced. */
    CachedNode afterPowerLoss(BooleanSupplier keep);
}
