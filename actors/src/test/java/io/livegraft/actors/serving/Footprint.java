package io.livegraft.actors.serving;

import com.sun.management.UnixOperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.management.JMException;
import javax.management.ObjectName;

/**
 * What this process holds after a collection.
 *
 * @param heapBytes of objects
 * @param nativeBytes in memory of all else: a heap that grows and shrinks as the collector likes would hide what leaks beside it
 * @param files open
 */
record Footprint(long heapBytes, long nativeBytes, long files) {
    /** Of an address range in {@code /proc/self/smaps}. */
    private static final Pattern RANGE = Pattern.compile("([0-9a-f]+)-([0-9a-f]+) .*");

    private static final Pattern RESIDENT = Pattern.compile("Rss: +(\\d+) kB");
    /** Of the collector G1, which reserves all at once. */
    private static final Pattern HEAP = Pattern.compile("\\[0x([0-9a-f]+), 0x([0-9a-f]+)\\)");

    static Footprint now() {
        System.gc();
        System.gc(); // the first one's reference processing lets go of more
        var system = (UnixOperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        return new Footprint(
                ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed(),
                residentBesides(heap()),
                system.getOpenFileDescriptorCount());
    }

    private record Range(long from, long to) {
        static Range of(MatchResult hexadecimal) {
            return new Range(
                    Long.parseUnsignedLong(hexadecimal.group(1), 16), Long.parseUnsignedLong(hexadecimal.group(2), 16));
        }

        boolean overlaps(Range other) {
            return Long.compareUnsigned(from, other.to) < 0 && Long.compareUnsigned(other.from, to) < 0;
        }
    }

    private static Range heap() {
        try {
            String info = (String) ManagementFactory.getPlatformMBeanServer()
                    .invoke(
                            new ObjectName("com.sun.management:type=DiagnosticCommand"),
                            "gcHeapInfo",
                            new Object[0],
                            new String[0]);
            return HEAP.matcher(info).results().map(Range::of).findFirst().orElseThrow();
        } catch (JMException e) {
            throw new AssertionError(e);
        }
    }

    private static long residentBesides(Range heap) {
        try {
            long kibibytes = 0;
            boolean counts = false;
            List<String> lines = Files.readAllLines(Path.of("/proc/self/smaps"));
            for (String line : lines) {
                Matcher range = RANGE.matcher(line);
                Matcher resident = RESIDENT.matcher(line);
                if (range.matches()) {
                    counts = !Range.of(range).overlaps(heap);
                } else if (counts && resident.matches()) {
                    kibibytes += Long.parseLong(resident.group(1));
                }
            }
            return 1024 * kibibytes;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
