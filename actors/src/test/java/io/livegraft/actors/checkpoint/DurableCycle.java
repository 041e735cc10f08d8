package io.livegraft.actors.checkpoint;

import io.livegraft.actors.archive.ArchiveSettings;
import io.livegraft.actors.archive.ArchiveWriter;
import io.livegraft.actors.archive.ArchivedRecord;
import io.livegraft.actors.archive.FeedbackArchive;
import io.livegraft.actors.disk.FileDisk;
import io.livegraft.actors.object.FileObjectStore;
import io.livegraft.gpu.lora.LoraAdapter;
import io.livegraft.gpu.lora.LoraConfig;
import io.livegraft.gpu.lora.PeftDirectory;
import io.livegraft.gpu.model.ModelConfig;
import io.livegraft.proto.checkpoint.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What a node makes durable for one version, in its order: the record in the archive, the adapter, the checkpoint, the decision
 * in the registry's database. As a process: waits for a line on standard input, does one cycle, and tries once more what failed.
 */
final class DurableCycle implements AutoCloseable {
    static final ModelConfig MODEL = new ModelConfig(4, 4, 1, 1, 1, 4, 8, 16, 1e-5f, 10000, true, 1, List.of(2));
    private static final ArchiveSettings SETTINGS = new ArchiveSettings(true, 1 << 20, 1 << 20, Duration.ZERO);

    final CheckpointStore checkpoints;
    final ArtifactStore artifacts;
    final FeedbackArchive archive;
    private final ArchiveWriter writer;
    private final Connection registry;

    DurableCycle(Path state) throws IOException, SQLException {
        Files.createDirectories(state);
        FileDisk disk = new FileDisk();
        checkpoints = new CheckpointStore(FileObjectStore.open(disk, state.resolve("checkpoints")), 2);
        artifacts = new ArtifactStore(FileObjectStore.open(disk, state.resolve("adapters")));
        archive = FeedbackArchive.open(disk, state.resolve("archive"), SETTINGS);
        writer = archive.writer("feedback", 0);
        writer.force();
        // As the registry opens it: a decision is in the file before it is answered.
        registry = DriverManager.getConnection(
                "jdbc:h2:file:%s;WRITE_DELAY=0;DB_CLOSE_ON_EXIT=FALSE".formatted(state.resolve("registry")));
        try (Statement statement = registry.createStatement()) {
            statement.execute("create table if not exists version (number bigint primary key, digest varchar)");
        }
    }

    /** Cycles have the same bytes whoever does them, and can be done again. */
    void run(long number) throws IOException, SQLException {
        if (!writer.append(record(number), true).isDone()) {
            throw new IllegalStateException("no room for one record");
        }
        writer.force();
        String digest = artifacts.write(adapter(number), "base");
        checkpoints.store(checkpoint(number), digest);
        try (Statement statement = registry.createStatement()) {
            statement.execute("merge into version values (%d, '%s')".formatted(number, digest));
        }
    }

    /** The latest version that was decided; 0 where there is none. */
    long published() throws SQLException {
        try (Statement statement = registry.createStatement();
                ResultSet latest = statement.executeQuery("select coalesce(max(number), 0) from version")) {
            latest.next();
            return latest.getLong(1);
        }
    }

    static ArchivedRecord record(long number) {
        return new ArchivedRecord(number, number, Optional.of(new byte[] {1}), Optional.of(new byte[100]));
    }

    static LoraAdapter adapter(long number) {
        return LoraAdapter.initial(new LoraConfig(1, 2, false, List.of("q_proj")), MODEL, number);
    }

    static String digest(long number) {
        return Digests.sha256(PeftDirectory.safetensors(adapter(number)));
    }

    static Checkpoint checkpoint(long number) {
        return Checkpoint.newBuilder()
                .setTenant("t")
                .setOffset(number)
                .setTopic("x".repeat(5000))
                .build();
    }

    @Override
    public void close() throws IOException, SQLException {
        writer.close();
        registry.close();
    }

    /** Arguments: the state directory, a directory to load all classes in, the number of the cycle. */
    public static void main(String[] arguments) throws Exception {
        try (DurableCycle warm = new DurableCycle(Path.of(arguments[1]))) {
            warm.run(1);
        }
        long number = Long.parseLong(arguments[2]);
        DurableCycle cycle = new DurableCycle(Path.of(arguments[0]));
        System.out.println("ready");
        if (System.in.read() < 0) {
            return;
        }
        String outcome = "done";
        try {
            cycle.run(number);
        } catch (IOException | SQLException e) {
            outcome = "failed";
            try {
                cycle.run(number);
                outcome = "done";
            } catch (IOException | SQLException again) {
                // told below
            }
        }
        System.out.println(outcome);
        System.out.flush();
        Runtime.getRuntime().halt(0);
    }
}
