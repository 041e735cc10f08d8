package io.livegraft.simulation.swap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** Law 2 from outside: whatever is swapped meanwhile, each answer is what the version that it names answers, to the bit. */
class SwapLawTest {
    /** A thousand in every build, a hundred thousand where time is no matter: {@code -Dlivegraft.swap.swaps=100000}. */
    private static final int SWAPS = Integer.getInteger("livegraft.swap.swaps", 1000);

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    private Path directory;

    @Test
    void everyAnswerIsOfExactlyTheVersionThatItNames() {
        long seed = Long.getLong("livegraft.swap.seed", System.nanoTime());
        SwapSettings run = new SwapSettings(
                SWAPS,
                seed,
                20,
                10,
                0,
                Path.of("../deploy/base/livegraft-tiny").toAbsolutePath().normalize(),
                directory.resolve("run"));
        SwapReport report = new SwapRun(run, System.out::println).run();
        System.out.println(report.json());
        assertEquals(List.of(), report.problems(), "seed " + seed);
        assertTrue(report.exchanges().size() > 10);
        assertTrue(report.pairs() > 10 * report.alike(), "versions answer alike: a mixed answer would not show");
    }
}
