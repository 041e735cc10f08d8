package io.livegraft.actors.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A process that is killed before any one of its system calls, or in which any one of them fails, leaves the old state or the
 * new one, whole. Every call by {@code -Dlivegraft.system-calls=all}; a sample of them otherwise.
 */
class SystemCallLawTest {
    private static final boolean ALL = "all".equals(System.getProperty("livegraft.system-calls"));
    private static final int SAMPLED = 12;
    private static final List<String> FAULTS = List.of("signal=SIGKILL", "error=EIO", "error=ENOSPC");
    private static final Pattern CALL = Pattern.compile("(\\d+) +([a-z0-9_]+)\\(.*");

    @TempDir
    private Path directory;

    @Test
    void afterAnyCallTheStateIsWhole() throws Exception {
        assumeTrue(canTrace(), "strace is missing or may not trace processes: no system call is interrupted");
        Map<String, Integer> calls = calls();
        assertTrue(calls.containsKey("fsync") && calls.containsKey("rename"), calls::toString);
        List<String> points = points(calls);
        List<String> chosen = ALL ? points : sample(points);
        for (int i = 0; i < chosen.size(); i++) {
            interrupted(chosen.get(i), directory.resolve("run-" + i));
        }
        System.out.printf(
                "%d of %d points swept (%d distinct calls, %d kinds, each killed before, EIO, ENOSPC), 0 violations: %s%n",
                chosen.size(),
                points.size(),
                calls.values().stream().mapToInt(Integer::intValue).sum(),
                calls.size(),
                calls);
    }

    private static List<String> points(Map<String, Integer> calls) {
        List<String> points = new ArrayList<>();
        calls.forEach((call, count) -> {
            for (int number = 1; number <= count; number++) {
                for (String fault : FAULTS) {
                    points.add("%s:%s:when=%d".formatted(call, fault, number));
                }
            }
        });
        return points;
    }

    private static List<String> sample(List<String> points) {
        List<String> sample = new ArrayList<>();
        for (int i = 0; i < SAMPLED; i++) {
            sample.add(points.get((int) ((i + 0.5) * points.size() / SAMPLED)));
        }
        return sample;
    }

    /** How often the thread that makes most of them makes each. */
    private Map<String, Integer> calls() throws IOException, InterruptedException, SQLException {
        Path run = directory.resolve("baseline");
        begin(run);
        Path trace = directory.resolve("baseline.trace");
        assertEquals("done", TracedCycle.run(run.resolve("state"), run.resolve("scratch"), 2, Optional.empty(), trace));
        Map<String, Integer> byThread = new HashMap<>();
        for (String line : Files.readAllLines(trace)) {
            Matcher matcher = CALL.matcher(line);
            if (matcher.matches()) {
                byThread.merge(matcher.group(1) + " " + matcher.group(2), 1, Integer::sum);
            }
        }
        Map<String, Integer> calls = new TreeMap<>();
        byThread.forEach((key, count) -> calls.merge(key.substring(key.indexOf(' ') + 1), count, Math::max));
        return calls;
    }

    private void interrupted(String point, Path run) throws IOException, InterruptedException, SQLException {
        begin(run);
        String outcome = TracedCycle.run(
                run.resolve("state"), run.resolve("scratch"), 2, Optional.of(point), run.resolve("trace"));
        try (DurableCycle found = new DurableCycle(run.resolve("state"))) {
            verify(found, outcome, point);
            found.run(2);
            verify(found, "done", point + ", then again");
        } catch (IOException | SQLException e) {
            throw new AssertionError(point, e);
        }
        delete(run);
    }

    private static void begin(Path run) throws IOException, SQLException {
        try (DurableCycle first = new DurableCycle(run.resolve("state"))) {
            first.run(1);
        }
    }

    private static void verify(DurableCycle found, String outcome, String point) throws IOException, SQLException {
        CheckpointStore.Loaded latest = found.checkpoints.latest("t").orElseThrow();
        long number = latest.checkpoint().getOffset();
        assertTrue(latest.newest(), point);
        assertTrue(number == 1 || number == 2, point);
        assertEquals(DurableCycle.checkpoint(number), latest.checkpoint(), point);
        for (Finding finding : found.checkpoints.scrub("t")) {
            assertFalse(finding instanceof Finding.Damaged, point);
        }
        for (long version = 1; version <= number; version++) {
            assertArrayEquals(
                    DurableCycle.adapter(version).values(),
                    found.artifacts
                            .read(DurableCycle.digest(version), DurableCycle.MODEL)
                            .values(),
                    point);
        }
        List<Long> archived = new ArrayList<>();
        found.archive.partition("feedback", 0).read(0, Long.MAX_VALUE, record -> archived.add(record.offset()));
        assertTrue(archived.equals(List.of(1L)) || archived.equals(List.of(1L, 2L)), point);
        assertTrue(archived.size() >= number, point);
        long published = found.published();
        assertTrue(published >= 1 && published <= number, point);
        if (outcome.equals("done")) {
            assertEquals(2, published, point);
        }
    }

    private static boolean canTrace() throws InterruptedException {
        try {
            return new ProcessBuilder("strace", "-qq", "-e", "trace=none", "true")
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException e) {
            return false;
        }
    }

    private static void delete(Path path) throws IOException {
        try (Stream<Path> tree = Files.walk(path)) {
            for (Path each : tree.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(each);
            }
        }
    }
}
