package io.livegraft.actors.archive;

import static org.junit.jupiter.api.Assertions.assertThrows;

import io.livegraft.actors.disk.Disk;
import io.livegraft.actors.disk.ForgetfulDisk;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.IntPredicate;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/**
 * An archive is the log up to an offset that is not before the acknowledged one, whatever the disk lost, and what was
 * acknowledged never goes unnoticed. More histories by {@code -Dlivegraft.power-losses=N}.
 */
class ArchiveLawTest {
    private static final int HISTORIES = Integer.getInteger("livegraft.power-losses", 20_000);
    private static final int MUTANT_HISTORIES = 20_000;

    @Test
    void anArchiveIsTheLogUpToAnAcknowledgedOffset() throws IOException {
        run(HISTORIES, disk -> disk, false);
        System.out.printf("%d histories of archives, 0 violations%n", HISTORIES);
    }

    @Test
    void withoutForcingABeginningTheLawIsBroken() {
        brokenWithoutForce(number -> number == 1);
    }

    @Test
    void withoutForcingRecordsTheLawIsBroken() {
        brokenWithoutForce(number -> number > 1 && number % 2 == 0);
    }

    @Test
    void withoutForcingMarksTheLawIsBroken() {
        brokenWithoutForce(number -> number > 1 && number % 2 == 1);
    }

    @Test
    void withoutForcingTheFolderOfThePartitionTheLawIsBroken() {
        brokenWithoutDirectory(path -> path.getNameCount() == 4);
    }

    @Test
    void withoutForcingTheFolderOfTheTopicTheLawIsBroken() {
        brokenWithoutDirectory(path -> path.getNameCount() == 3);
    }

    @Test
    void withoutForcingTheDirectoryOfTheArchiveTheLawIsBroken() {
        brokenWithoutDirectory(path -> path.getNameCount() == 2);
    }

    @Test
    void withoutForcingTheDirectoryAroundItTheLawIsBroken() {
        brokenWithoutDirectory(path -> path.getNameCount() == 1);
    }

    @Test
    void sayingThatRecordsAreRemovedBeforeTheyAreTheLawIsBroken() {
        assertThrows(AssertionError.class, () -> run(MUTANT_HISTORIES, disk -> disk, true));
    }

    private static void brokenWithoutForce(IntPredicate number) {
        broken(disk -> new ForgetfulDisk(disk, number, path -> false));
    }

    private static void brokenWithoutDirectory(Predicate<Path> directory) {
        broken(disk -> new ForgetfulDisk(disk, number -> false, directory));
    }

    private static void broken(UnaryOperator<Disk> mutant) {
        assertThrows(AssertionError.class, () -> run(MUTANT_HISTORIES, mutant, false));
    }

    private static void run(int histories, UnaryOperator<Disk> between, boolean marksFirst) {
        for (long seed = 0; seed < histories; seed++) {
            try {
                new ArchiveHistory(seed, between, marksFirst).run();
            } catch (AssertionError | IOException e) {
                throw new AssertionError("seed " + seed, e);
            }
        }
    }
}
