package io.livegraft.actors.archive;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.actors.disk.Disk;
import io.livegraft.actors.disk.DurableDirectory;
import io.livegraft.actors.disk.FaultyDisk;
import io.livegraft.actors.disk.FaultyDisk.Fault;
import io.livegraft.actors.disk.PowerCut;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/**
 * One random history of an archive: some lives of a process that reads a log again from where the archive ends, on a disk that
 * fails. After each life the archive holds the log up to some offset that is not before the acknowledged one.
 */
final class ArchiveHistory {
    private static final Path STATE = Path.of("/state");
    private static final List<Fault> FAULTS = List.of(Fault.values());
    private static final long NOTHING = -1;
    private static final String TENANT = "support";

    private final SplittableRandom random;
    private final UnaryOperator<Disk> between;
    private final ArchiveSettings settings;
    private final boolean forgets;
    private final boolean marksFirst;
    private FaultyDisk disk = new FaultyDisk();
    private long acknowledged = NOTHING;
    private long appended = NOTHING;
    /** Even records up to it were removed for good; an attempt to remove may have reached further. */
    private long removedThrough = NOTHING;

    private long removingThrough = NOTHING;
    /** What was forgotten for good. */
    private long forgottenThrough = NOTHING;

    private boolean flipped;

    /** @param marksFirst says that records were removed before they are: what a mutant does */
    ArchiveHistory(long seed, UnaryOperator<Disk> between, boolean marksFirst) {
        this.marksFirst = marksFirst;
        this.random = new SplittableRandom(seed);
        this.between = between;
        Duration retention = Duration.ofMillis(random.nextBoolean() ? 0 : 1 + random.nextInt(30));
        this.settings = new ArchiveSettings(true, 100 + random.nextInt(300), 200, retention);
        this.forgets = random.nextInt(4) == 0;
    }

    void run() throws IOException {
        disk.createDirectory(STATE);
        disk.forceDirectory(Path.of("/"));
        for (int life = 1 + random.nextInt(3); life > 0; life--) {
            live();
            disk.failing(Fault.NONE, 0, 0);
            boolean flippedFirst = life == 1 && random.nextBoolean();
            if (!flippedFirst) {
                verify();
            }
        }
        flip();
    }

    private void live() {
        Fault fault = FAULTS.get(random.nextInt(FAULTS.size()));
        long count = fault == Fault.POWER_CUT ? Long.MAX_VALUE : 1 + random.nextInt(6);
        disk.failing(fault, random.nextInt(120), count);
        try {
            act(ArchiveWriter.open(partition(between.apply(disk)), settings));
        } catch (IOException e) {
            assertFalse(fault == Fault.NONE, () -> "without a fault: " + e);
        } catch (PowerCut e) {
            disk = disk.afterPowerLoss(random::nextBoolean);
            return;
        }
        if (random.nextBoolean()) {
            disk = disk.afterPowerLoss(random::nextBoolean);
        }
    }

    private void act(ArchiveWriter writer) {
        long next = Math.max(0, writer.through() + 1 - random.nextInt(3));
        for (int i = random.nextInt(20); i > 0; i--) {
            try {
                switch (random.nextInt(8)) {
                    case 0, 1, 2, 3, 4 -> {
                        boolean room = writer.append(record(next), true).isDone();
                        appended = Math.max(appended, next++);
                        if (!room) {
                            acknowledged = Math.max(acknowledged, writer.force());
                        }
                    }
                    case 5, 6 -> acknowledged = Math.max(acknowledged, writer.force());
                    default -> remove(writer);
                }
            } catch (IOException e) {
                // not acknowledged; the process goes on
            }
        }
    }

    private void remove(ArchiveWriter writer) throws IOException {
        if (forgets) {
            removingThrough = Math.max(removingThrough, appended);
            if (appended == NOTHING || random.nextBoolean()) {
                writer.remove(ArchiveHistory::removed);
            } else {
                forget(writer);
            }
            removedThrough = Math.max(removedThrough, writer.through());
            acknowledged = Math.max(acknowledged, writer.through());
        }
    }

    private void forget(ArchiveWriter writer) throws IOException {
        SortedMap<Long, Long> firsts = new TreeMap<>(Map.of(appended, 0L));
        if (marksFirst) {
            partition(disk).write(TENANT, Forgotten.NOTHING.through(appended));
            writer.remove(ArchiveHistory::removed);
        } else {
            writer.forget(TENANT, appended, firsts, ArchiveHistory::removed);
        }
        forgottenThrough = appended;
    }

    private static boolean removed(ArchivedRecord record) {
        return record.offset() % 2 == 0;
    }

    private void verify() throws IOException {
        ArchivePartition partition = partition(disk);
        verify(partition);
        long through = ArchiveWriter.open(partition, settings).through();
        assertTrue(through >= acknowledged, () -> "goes on after %d, acknowledged %d".formatted(through, acknowledged));
        verify(partition);
    }

    private void verify(ArchivePartition partition) throws IOException {
        Forgotten forgotten = partition.forgotten(TENANT);
        removedThrough = Math.max(removedThrough, forgotten.through());
        assertTrue(flipped || forgotten.through() >= forgottenThrough, () -> forgotten + " was further before");
        assertTrue(
                marksFirst
                        || forgotten.through() == NOTHING
                        || forgotten.firsts().containsKey(forgotten.through()),
                () -> forgotten + " does not say what it left out");
        List<ArchivedRecord> found = new ArrayList<>();
        partition.read(0, Long.MAX_VALUE, found::add);
        long first = partition.first().orElse(0);
        long bound = settings.retention().isZero()
                ? 0
                : Math.max(0, appended - settings.retention().toMillis());
        long last = found.isEmpty() ? NOTHING : found.getLast().offset();
        int at = 0;
        for (long offset = Math.min(first, bound); offset <= Math.max(last, acknowledged); offset++) {
            boolean here = at < found.size() && found.get(at).offset() == offset;
            boolean even = offset % 2 == 0;
            assertFalse(here && even && offset <= removedThrough, "a removed record is there");
            if (here) {
                assertSame(record(offset), found.get(at++));
            } else {
                long missing = offset;
                assertTrue(even && offset <= removingThrough, () -> "offset %d is missing".formatted(missing));
            }
        }
        assertEquals(found.size(), at, "out of order");
    }

    private void flip() throws IOException {
        List<Path> files = disk.files().stream()
                .filter(file ->
                        file.toString().endsWith(".seg") || file.toString().endsWith(".forgotten"))
                .toList();
        if (!files.isEmpty()) {
            Path file = files.get(random.nextInt(files.size()));
            flipped = true;
            disk.flip(file, random.nextInt(disk.size(file)));
            toldOrHarmless();
            ArchiveWriter writer = ArchiveWriter.open(partition(disk), settings);
            toldOrHarmless();
            long next = writer.through() + 1;
            assertTrue(writer.append(record(next), true).isDone(), "no room for one record");
            acknowledged = Math.max(acknowledged, writer.force());
            appended = Math.max(appended, next);
            toldOrHarmless();
        }
    }

    private void toldOrHarmless() throws IOException {
        try {
            verify(partition(disk));
        } catch (DamagedArchiveException e) {
            // told
        }
    }

    private static ArchivePartition partition(Disk disk) throws IOException {
        return new ArchivePartition(DurableDirectory.open(disk, STATE.resolve("archive")), "feedback/0");
    }

    private static ArchivedRecord record(long offset) {
        return new ArchivedRecord(
                offset,
                offset,
                Optional.of("k%d".formatted(offset % 3).getBytes(UTF_8)),
                offset % 5 == 0
                        ? Optional.empty()
                        : Optional.of("v".repeat((int) (offset % 40)).getBytes(UTF_8)));
    }

    private static void assertSame(ArchivedRecord expected, ArchivedRecord found) {
        assertEquals(expected.offset(), found.offset());
        assertEquals(expected.logMillis(), found.logMillis());
        assertArrayEquals(expected.key().orElseThrow(), found.key().orElseThrow());
        assertArrayEquals(expected.value().orElse(new byte[0]), found.value().orElse(new byte[0]));
        assertEquals(expected.value().isPresent(), found.value().isPresent());
    }
}
