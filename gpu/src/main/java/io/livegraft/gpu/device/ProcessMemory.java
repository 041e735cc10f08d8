package io.livegraft.gpu.device;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;

/** Memory of this process as Linux counts it; empty on other systems. */
public final class ProcessMemory {
    private static final Path STATUS = Path.of("/proc/self/status");

    private ProcessMemory() {}

    /** Bytes in memory now. */
    public static OptionalLong resident() {
        return bytes("VmRSS:");
    }

    /** The most bytes that ever were. */
    public static OptionalLong peak() {
        return bytes("VmHWM:");
    }

    /** A line is {@code VmRSS:     1234 kB}. */
    private static OptionalLong bytes(String field) {
        if (!Files.isReadable(STATUS)) {
            return OptionalLong.empty();
        }
        try {
            return Files.readString(STATUS)
                    .lines()
                    .filter(line -> line.startsWith(field))
                    .mapToLong(line -> 1024
                            * Long.parseLong(line.substring(field.length(), line.length() - " kB".length())
                                    .trim()))
                    .findFirst();
        } catch (IOException unreadable) {
            return OptionalLong.empty();
        }
    }
}
