package io.livegraft.gpu.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.stream.Stream;

/** Memory of this process as Linux counts it; empty on other systems. */
final class ProcessMemory {
    private static final Path STATUS = Path.of("/proc/self/status");

    private ProcessMemory() {}

    /** Bytes in memory now, after garbage was collected. */
    static OptionalLong resident() {
        System.gc();
        return bytes("VmRSS:");
    }

    /** The most bytes that ever were. */
    static OptionalLong peak() {
        return bytes("VmHWM:");
    }

    private static OptionalLong bytes(String field) {
        if (!Files.isReadable(STATUS)) {
            return OptionalLong.empty();
        }
        try (Stream<String> lines = Files.lines(STATUS)) {
            return lines.filter(line -> line.startsWith(field))
                    .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("\\D", "")))
                    .findFirst();
        } catch (IOException unreadable) {
            return OptionalLong.empty();
        }
    }
}
