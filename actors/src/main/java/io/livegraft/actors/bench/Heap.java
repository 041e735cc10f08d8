package io.livegraft.actors.bench;

import java.lang.management.ManagementFactory;

/** The Java heap. */
final class Heap {
    private Heap() {}

    /** Bytes in use once garbage is gone. */
    static long used() {
        System.gc();
        System.gc(); // the first one's reference processing lets go of more
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }
}
