package io.livegraft.actors.scrub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.actors.checkpoint.ArtifactStore;
import io.livegraft.actors.checkpoint.CheckpointStore;
import io.livegraft.gpu.lora.LoraAdapter;
import io.livegraft.gpu.lora.LoraConfig;
import io.livegraft.gpu.model.ModelConfig;
import io.livegraft.proto.checkpoint.Checkpoint;
import io.livegraft.proto.checkpoint.PublishManifest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoreScrubTest {
    private static final ModelConfig MODEL =
            new ModelConfig(8, 16, 1, 2, 1, 4, 32, 64, 1e-5f, 10000, true, 1, List.of(2));
    private static final LoraConfig LORA = new LoraConfig(2, 4, false, LoraConfig.ALL_LINEAR);

    @TempDir
    Path directory;

    private CheckpointStore checkpoints;
    private ArtifactStore artifacts;
    private String published;
    private String offered;
    private String orphan;

    @BeforeEach
    void fill() throws IOException {
        checkpoints = new CheckpointStore(directory.resolve("checkpoints"), 2);
        artifacts = new ArtifactStore(directory.resolve("adapters"));
        published = artifacts.write(LoraAdapter.initial(LORA, MODEL, 1), "base");
        offered = artifacts.write(LoraAdapter.initial(LORA, MODEL, 2), "base");
        orphan = artifacts.write(LoraAdapter.initial(LORA, MODEL, 3), "base");
        checkpoints.store(Checkpoint.newBuilder()
                .setTenant("support")
                .setLastOffer(PublishManifest.newBuilder().setAdapterDigest(offered))
                .build());
    }

    @Test
    void anAdapterThatNobodyNamesIsDeletedAndNoOther() throws Exception {
        ScrubReport report = scrub(Set.of(published));
        assertEquals(1, report.orphans());
        assertTrue(report.sound());
        assertEquals(new ScrubReport.Tally(1, 0, 0), report.checkpoints());
        assertEquals(new ScrubReport.Tally(2, 0, 0), report.adapters());
        assertTrue(artifacts.contains(published));
        assertTrue(artifacts.contains(offered));
        assertFalse(artifacts.contains(orphan));
        assertEquals(0, scrub(Set.of(published)).orphans());
    }

    @Test
    void anAdapterThatWasWrittenMeanwhileStays() throws Exception {
        String[] late = new String[1];
        StoreScrub scrub = new StoreScrub(stores(Set.of(published)), 10);
        scrub.run(since -> late[0] = written(4));
        assertTrue(artifacts.contains(late[0]));
        assertFalse(artifacts.contains(orphan));
    }

    @Test
    void whatIsDamagedIsNamed() throws Exception {
        Path weights = directory.resolve("adapters").resolve(published).resolve("adapter_model.safetensors");
        byte[] bytes = Files.readAllBytes(weights);
        bytes[bytes.length - 1] ^= 1;
        Files.write(weights, bytes);
        ScrubReport report = scrub(Set.of(published));
        assertFalse(report.sound());
        assertEquals(new ScrubReport.Tally(1, 0, 1), report.adapters());
        assertTrue(
                report.damaged().getFirst().startsWith(published),
                report.damaged().toString());
    }

    @Test
    void nothingIsDeletedWhereATenantsCheckpointsAreAllDamaged() throws Exception {
        try (Stream<Path> files = Files.list(directory.resolve("checkpoints").resolve("support"))) {
            Files.write(files.findFirst().orElseThrow(), new byte[] {1});
        }
        ScrubReport report = scrub(Set.of(published));
        assertEquals(new ScrubReport.Tally(0, 0, 1), report.checkpoints());
        assertEquals(0, report.orphans());
        assertTrue(artifacts.contains(orphan));
    }

    private ScrubReport scrub(Set<String> versions) throws IOException, InterruptedException {
        return new StoreScrub(stores(versions), 10).run(since -> {});
    }

    private Stores stores(Set<String> versions) {
        return new Stores(
                checkpoints,
                artifacts,
                Optional.empty(),
                () -> List.of("known"),
                tenant -> tenant.equals("known") ? versions : Set.of());
    }

    private String written(long seed) {
        try {
            return artifacts.write(LoraAdapter.initial(LORA, MODEL, seed), "base");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
