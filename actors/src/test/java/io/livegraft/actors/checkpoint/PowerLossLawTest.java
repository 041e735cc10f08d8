package io.livegraft.actors.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.actors.disk.Choices;
import io.livegraft.actors.disk.Disk;
import io.livegraft.actors.disk.FaultyDisk;
import io.livegraft.actors.disk.FaultyDisk.Fault;
import io.livegraft.actors.disk.ForgetfulDisk;
import io.livegraft.actors.disk.PowerCut;
import io.livegraft.actors.object.FileObjectStore;
import io.livegraft.proto.checkpoint.Checkpoint;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.function.IntPredicate;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/**
 * What was acknowledged survives the loss of power, whatever of the rest the disk kept, and every flipped bit is told. More
 * histories by {@code -Dlivegraft.power-losses=N}.
 */
class PowerLossLawTest {
    private static final int HISTORIES = Integer.getInteger("livegraft.power-losses", 20_000);
    private static final int MUTANT_HISTORIES = 5_000;
    private static final int MOST_OUTCOMES = 1 << 12;
    private static final Path STATE = Path.of("/state");

    @Test
    void whatWasAcknowledgedIsFoundAgain() throws IOException {
        run(HISTORIES, disk -> disk);
        System.out.printf("%d histories of checkpoints and adapters, 0 violations%n", HISTORIES);
    }

    @Test
    void everyOutcomeOfEveryCutOfAShortTraceIsSafe() throws IOException {
        long operations = operations();
        long outcomes = 0;
        for (long cut = 0; cut < operations; cut++) {
            FaultyDisk disk = state().failing(Fault.POWER_CUT, cut, Long.MAX_VALUE);
            long acknowledged = trace(disk);
            Choices asked = new Choices(0);
            disk.afterPowerLoss(asked);
            long all = Math.min(MOST_OUTCOMES, 1L << Math.min(asked.taken(), Long.SIZE - 2));
            for (long outcome = 0; outcome < all; outcome++) {
                verify(disk.afterPowerLoss(new Choices(outcome)), acknowledged);
            }
            outcomes += all;
        }
        System.out.printf("%d operations cut, %d outcomes, 0 violations%n", operations, outcomes);
        assertTrue(outcomes > operations);
    }

    @Test
    void withoutForcingFilesTheLawIsBroken() {
        broken(number -> true, path -> false);
    }

    @Test
    void withoutForcingTheFolderOfAnObjectTheLawIsBroken() {
        broken(number -> false, path -> path.getNameCount() == 3);
    }

    @Test
    void withoutForcingTheFolderOfFoldersTheLawIsBroken() {
        broken(number -> false, path -> path.getNameCount() == 2);
    }

    @Test
    void withoutForcingTheDirectoryAroundAStoreTheLawIsBroken() {
        broken(number -> false, path -> path.equals(STATE));
    }

    private static void broken(IntPredicate forces, Predicate<Path> directory) {
        assertThrows(
                AssertionError.class, () -> run(MUTANT_HISTORIES, disk -> new ForgetfulDisk(disk, forces, directory)));
    }

    private static void run(int histories, UnaryOperator<Disk> between) throws IOException {
        for (long seed = 0; seed < histories; seed++) {
            try {
                new StoreHistory(seed, between).run();
            } catch (AssertionError | UncheckedIOException e) {
                throw new AssertionError("seed " + seed, e);
            }
        }
    }

    private static long operations() throws IOException {
        FaultyDisk disk = state();
        long before = disk.operations();
        trace(disk);
        return disk.operations() - before;
    }

    private static FaultyDisk state() throws IOException {
        FaultyDisk disk = new FaultyDisk();
        disk.createDirectory(STATE);
        disk.forceDirectory(Path.of("/"));
        return disk;
    }

    /** @return the last offset that was acknowledged */
    private static long trace(FaultyDisk disk) throws IOException {
        long acknowledged = 0;
        try {
            CheckpointStore store = store(disk);
            for (long offset = 1; offset <= 3; offset++) {
                store.store(checkpoint(offset));
                acknowledged = offset;
            }
        } catch (PowerCut e) {
            disk.failing(Fault.NONE, 0, 0);
        }
        return acknowledged;
    }

    private static void verify(FaultyDisk disk, long acknowledged) throws IOException {
        long found = store(disk)
                .latest("t")
                .map(loaded -> {
                    assertTrue(loaded.newest());
                    assertEquals(checkpoint(loaded.checkpoint().getOffset()), loaded.checkpoint());
                    return loaded.checkpoint().getOffset();
                })
                .orElse(0L);
        assertTrue(found == acknowledged || found == acknowledged + 1, found + " instead of " + acknowledged);
    }

    private static CheckpointStore store(FaultyDisk disk) throws IOException {
        return new CheckpointStore(FileObjectStore.open(disk, STATE.resolve("checkpoints")), 1);
    }

    private static Checkpoint checkpoint(long offset) {
        return Checkpoint.newBuilder()
                .setTenant("t")
                .setOffset(offset)
                .setTopic("some bytes")
                .build();
    }
}
