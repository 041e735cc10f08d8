package io.livegraft.actors.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.livegraft.actors.disk.Disk;
import io.livegraft.actors.disk.FaultyDisk;
import io.livegraft.actors.disk.FaultyDisk.Fault;
import io.livegraft.actors.disk.PowerCut;
import io.livegraft.actors.object.FileObjectStore;
import io.livegraft.gpu.lora.LoraAdapter;
import io.livegraft.gpu.lora.LoraConfig;
import io.livegraft.gpu.lora.PeftDirectory;
import io.livegraft.gpu.model.ModelConfig;
import io.livegraft.proto.checkpoint.Checkpoint;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/**
 * One random history of checkpoints and adapters: some lives of a process on a disk that fails, each ended by a kill or by a
 * power loss. After each of them everything that was acknowledged must be there, and nothing else in part; after a flipped bit
 * it must be told.
 */
final class StoreHistory {
    private static final Path STATE = Path.of("/state");
    private static final List<Fault> FAULTS = List.of(Fault.values());
    private static final int RETAINED = 2;
    private static final List<String> TENANTS = List.of("left", "right");
    private static final ModelConfig MODEL =
            new ModelConfig(4, 4, 1, 1, 1, 4, 8, 16, 1e-5f, 10000, true, 1, List.of(2));
    private static final List<LoraAdapter> ADAPTERS = IntStream.range(0, 3)
            .mapToObj(seed -> LoraAdapter.initial(new LoraConfig(1, 2, false, List.of("q_proj")), MODEL, seed))
            .toList();

    private static final List<String> DIGESTS =
            ADAPTERS.stream().map(StoreHistory::digest).toList();

    private final SplittableRandom random;
    private final UnaryOperator<Disk> between;
    private final Map<String, Checkpoint> written = new HashMap<>();
    private final Map<String, Long> acknowledged = new HashMap<>();
    private final Map<Pin, String> pinned = new HashMap<>();
    private final Set<String> adapters = new HashSet<>();
    private final Set<String> deleted = new HashSet<>();
    private FaultyDisk disk = new FaultyDisk();

    private record Stores(CheckpointStore checkpoints, ArtifactStore artifacts) {}

    /** {@code between} stands between the stores and the disk: nothing, or a mutant. */
    StoreHistory(long seed, UnaryOperator<Disk> between) {
        this.random = new SplittableRandom(seed);
        this.between = between;
    }

    void run() throws IOException {
        disk.createDirectory(STATE);
        disk.forceDirectory(Path.of("/"));
        for (int life = 1 + random.nextInt(3); life > 0; life--) {
            live();
            disk.failing(Fault.NONE, 0, 0);
            verify();
        }
        flip();
    }

    private void live() {
        Fault fault = FAULTS.get(random.nextInt(FAULTS.size()));
        long count = fault == Fault.POWER_CUT ? Long.MAX_VALUE : 1 + random.nextInt(4);
        disk.failing(fault, random.nextInt(100), count);
        try {
            act();
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

    private void act() throws IOException {
        Stores stores = open(between.apply(disk));
        for (int i = random.nextInt(12); i > 0; i--) {
            try {
                switch (random.nextInt(6)) {
                    case 0, 1, 2 -> store(stores.checkpoints());
                    case 3 -> unpin(stores.checkpoints());
                    case 4 -> delete(stores.artifacts());
                    default -> write(stores.artifacts());
                }
            } catch (IOException | UncheckedIOException e) {
                // not acknowledged; the process goes on
            }
        }
    }

    private void store(CheckpointStore checkpoints) throws IOException {
        String tenant = TENANTS.get(random.nextInt(TENANTS.size()));
        Optional<CheckpointStore.Loaded> before = checkpoints.latest(tenant);
        Checkpoint next = Checkpoint.newBuilder()
                .setTenant(tenant)
                .setParentDigest(before.map(CheckpointStore.Loaded::digest).orElse(""))
                .setOffset(before.map(loaded -> loaded.checkpoint().getOffset()).orElse(0L) + 1)
                .setTopic("x".repeat(random.nextInt(64)))
                .build();
        String digest = Digests.sha256(next.toByteArray());
        written.put(digest, next);
        if (random.nextInt(3) == 0) {
            String version = Digests.sha256("version of " + digest);
            checkpoints.store(next, version);
            pinned.put(new Pin(tenant, version, digest), digest);
        } else {
            checkpoints.store(next);
        }
        acknowledged.put(tenant, next.getOffset());
    }

    private void unpin(CheckpointStore checkpoints) throws IOException {
        Optional<Pin> any = pinned.keySet().stream().findFirst();
        if (any.isPresent()) {
            pinned.keySet()
                    .removeIf(pin -> pin.tenant().equals(any.get().tenant())
                            && pin.version().equals(any.get().version()));
            checkpoints.unpin(any.get().tenant(), any.get().version());
        }
    }

    private void write(ArtifactStore artifacts) throws IOException {
        int adapter = random.nextInt(ADAPTERS.size());
        deleted.remove(DIGESTS.get(adapter));
        adapters.add(artifacts.write(ADAPTERS.get(adapter), "base " + random.nextInt(2)));
    }

    private void delete(ArtifactStore artifacts) throws IOException {
        String digest = DIGESTS.get(random.nextInt(DIGESTS.size()));
        adapters.remove(digest);
        artifacts.delete(digest);
        deleted.add(digest);
    }

    private void verify() throws IOException {
        Stores stores = open(disk);
        for (String tenant : TENANTS) {
            Optional<CheckpointStore.Loaded> latest = stores.checkpoints().latest(tenant);
            long offset = latest.map(loaded -> loaded.checkpoint().getOffset()).orElse(0L);
            long expected = acknowledged.getOrDefault(tenant, 0L);
            assertTrue(offset >= expected, () -> "%s is at %d, acknowledged %d".formatted(tenant, offset, expected));
            latest.ifPresent(loaded -> {
                assertTrue(loaded.newest(), "the newest one can't be used");
                assertEquals(written.get(loaded.digest()), loaded.checkpoint());
            });
            for (Finding finding : stores.checkpoints().scrub(tenant)) {
                assertFalse(finding instanceof Finding.Damaged, finding::toString);
            }
        }
        for (Pin pin : pinned.keySet()) {
            assertEquals(
                    Optional.ofNullable(written.get(pin.checkpoint())),
                    stores.checkpoints().pinned(pin.tenant(), pin.version()).map(CheckpointStore.Loaded::checkpoint),
                    pin::toString);
        }
        verify(stores.artifacts());
    }

    private void verify(ArtifactStore artifacts) throws IOException {
        for (String digest : DIGESTS) {
            assertFalse(deleted.contains(digest) && artifacts.contains(digest), "a deleted adapter is there");
            if (adapters.contains(digest)) {
                assertTrue(artifacts.contains(digest), "an acknowledged adapter is not there");
            }
            if (artifacts.contains(digest)) {
                assertEquals(digest, digest(artifacts.read(digest, MODEL)));
            }
        }
    }

    private void flip() throws IOException {
        List<Path> files = disk.files().stream()
                .filter(file -> !file.toString().contains(".unfinished"))
                .toList();
        if (files.isEmpty()) {
            return;
        }
        Stores stores = open(disk);
        Path file = files.get(random.nextInt(files.size()));
        String folder = file.getName(2).toString();
        boolean adapter = file.startsWith(STATE.resolve("adapters"));
        boolean used = !adapter || stores.artifacts().contains(folder);
        disk.flip(file, random.nextInt(disk.size(file)));
        List<Finding> findings =
                adapter ? stores.artifacts().scrub() : stores.checkpoints().scrub(folder);
        boolean told = findings.stream()
                .anyMatch(finding ->
                        finding instanceof Finding.Damaged && file.toString().contains(finding.name()));
        assertTrue(told || !used, () -> "a flipped bit of %s is not told".formatted(file));
        if (adapter && used) {
            readsNothing(stores.artifacts(), folder);
        }
    }

    private static void readsNothing(ArtifactStore artifacts, String digest) {
        try {
            artifacts.read(digest, MODEL);
        } catch (IOException e) {
            return;
        }
        fail("a damaged adapter was read");
    }

    private static Stores open(Disk disk) throws IOException {
        return new Stores(
                new CheckpointStore(FileObjectStore.open(disk, STATE.resolve("checkpoints")), RETAINED),
                new ArtifactStore(FileObjectStore.open(disk, STATE.resolve("adapters"))));
    }

    private static String digest(LoraAdapter adapter) {
        return Digests.sha256(PeftDirectory.safetensors(adapter));
    }
}
