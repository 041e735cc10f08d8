package io.livegraft.actors.trainer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.actors.checkpoint.ArtifactStore;
import io.livegraft.actors.checkpoint.CheckpointStore;
import io.livegraft.actors.checkpoint.VersionFiles;
import io.livegraft.proto.checkpoint.PublishManifest;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StateStoreTest {
    @TempDir
    Path directory;

    private final TestingTenant tenant = new TestingTenant(TestingSteps.settings());
    private final List<String> removed = new ArrayList<>();
    private final TenantLog log = new TenantLog() {
        @Override
        public void read(String name, int partition, long from, long through, Consumer<LogEntry> taker) {
            throw new AssertionError("nothing is read again here");
        }

        @Override
        public void removeForgotten(String name, int partition, long through) {
            removed.add("%s %d %d".formatted(name, partition, through));
        }
    };
    private CheckpointStore checkpoints;
    private ArtifactStore artifacts;
    private StateStore store;

    @BeforeEach
    void open() {
        checkpoints = new CheckpointStore(directory.resolve("checkpoints"), 1);
        artifacts = new ArtifactStore(directory.resolve("adapters"));
        store = new StateStore(TestingTenant.NAME, 1, "base", tenant.basis(), checkpoints, artifacts, log);
    }

    @AfterEach
    void close() {
        tenant.close();
    }

    @Test
    void whatIsOfferedStaysWithItsCheckpointUntilTheVersionIsDropped() throws IOException {
        TrainerState offering = store.save(at(tenant.initial(), 5), new TrainerCore.Offer(List.of(7L)));
        PublishManifest manifest = offering.lastOffer().orElseThrow();
        String version = manifest.getAdapterDigest();
        assertEquals(offering.adapterDigest(), version);
        assertEquals(5, manifest.getOffset());
        TrainerState later = store.save(at(store.save(at(offering, 6)), 7));
        CheckpointStore.Loaded pinned =
                checkpoints.pinned(TestingTenant.NAME, version).orElseThrow();
        assertEquals(offering.checkpointDigest(), pinned.digest());
        assertEquals(manifest, pinned.checkpoint().getLastOffer());
        assertTrue(artifacts.contains(version));

        new VersionFiles(artifacts, checkpoints).drop(TestingTenant.NAME, version);
        assertTrue(checkpoints.pinned(TestingTenant.NAME, version).isEmpty());
        assertFalse(artifacts.contains(version));
        assertEquals(
                later.checkpointDigest(),
                checkpoints.latest(TestingTenant.NAME).orElseThrow().digest());
        new VersionFiles(artifacts, checkpoints).drop(TestingTenant.NAME, version);
    }

    @Test
    void whatALineForgetsIsDroppedFromCheckpointsAndLog() throws IOException {
        TrainerState before = store.save(at(tenant.initial(), 5));
        store.dropForgotten(before);
        assertEquals(List.of(), removed);
        TrainerState again = at(tenant.initial(), 9);
        TrainerState after = store.save(before.remade(again, new Line(9, true)));
        store.dropForgotten(after);
        assertEquals(List.of("support 1 9"), removed);
        assertEquals(1, checkpoints.scrub(TestingTenant.NAME).size());
    }

    private static TrainerState at(TrainerState state, long offset) {
        return state.with(state.core().passed(offset));
    }
}
