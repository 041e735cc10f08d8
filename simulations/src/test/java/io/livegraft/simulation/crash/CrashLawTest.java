package io.livegraft.simulation.crash;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** Law 1 from outside: however often the process is killed, its state is what one undisturbed reading of the log makes. */
class CrashLawTest {
    /** Some in every build, hundreds where time is no matter: {@code -Dlivegraft.crash.kills=300}. */
    private static final int KILLS = Integer.getInteger("livegraft.crash.kills", 30);

    private static final int RECORDS_PER_KILL = 10;
    private static final int CONTROLS = 12;

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    private Path directory;

    @Test
    void killsAtAnyMomentLeaveTheStateThatAnUndisturbedReadingMakes() {
        long seed = Long.getLong("livegraft.crash.seed", System.nanoTime());
        CrashSettings run = new CrashSettings(
                KILLS,
                seed,
                3,
                Math.max(100, KILLS * RECORDS_PER_KILL),
                CONTROLS,
                Path.of("../deploy/base/livegraft-tiny").toAbsolutePath().normalize(),
                directory.resolve("run"));
        CrashReport report = new CrashRun(run, System.out::println).run();
        System.out.println(report.json());
        assertEquals(List.of(), report.problems(), "seed " + seed);
        assertEquals(run.tenants(), report.verdict().matches().size());
        assertEquals(0, report.verdict().lost());
        assertEquals(0, report.verdict().doubled());
        assertTrue(report.ledger().controls() > 0);
    }
}
