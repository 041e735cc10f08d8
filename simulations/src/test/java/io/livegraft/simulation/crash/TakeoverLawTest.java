package io.livegraft.simulation.crash;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.actors.registry.TestingPostgreSql;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/** Law 1 over nodes, from outside: whoever takes over, and whatever a zombie still does, each version is published once. */
class TakeoverLawTest {
    private static final String FAULTS_PROPERTY = "livegraft.takeover.faults";
    private static final int FAULTS = Integer.getInteger(FAULTS_PROPERTY, 2);

    @AutoClose
    private final TestingPostgreSql server = TestingPostgreSql.start();

    @TempDir
    private Path directory;

    @Test
    @EnabledIfSystemProperty(named = FAULTS_PROPERTY, matches = "\\d+", disabledReason = "minutes; -Pslow runs it")
    void aNodeThatIsKilledOrPausedIsReplacedAndPublishesNothingStale() {
        long seed = Long.getLong("livegraft.takeover.seed", System.nanoTime());
        CrashSettings run = new CrashSettings(
                FAULTS,
                seed,
                3,
                TakeoverRun.events(FAULTS),
                0,
                Path.of("../deploy/base/livegraft-tiny").toAbsolutePath().normalize(),
                directory.resolve("run"));
        List<Fault> faults = IntStream.range(0, FAULTS)
                .mapToObj(fault -> fault == 0 ? Fault.KILLED : Fault.PAUSED)
                .toList();
        RegistryServer registry = new RegistryServer(server.url(), server.user(), server.password());
        TakeoverReport report = new TakeoverRun(run, faults, registry, System.out::println).run();
        System.out.println(report.json());
        assertEquals(List.of(), report.problems(), "seed " + seed);
        assertEquals(0, report.accepted().stale());
        assertTrue(report.accepted().handovers() > 0);
        assertEquals(run.tenants(), report.verdict().matches().size());
    }
}
