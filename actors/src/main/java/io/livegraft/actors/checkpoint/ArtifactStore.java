package io.livegraft.actors.checkpoint;

import io.livegraft.gpu.lora.LoraAdapter;
import io.livegraft.gpu.lora.PeftDirectory;
import io.livegraft.gpu.model.ModelConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Adapters as PEFT directories, {@code <directory>/<sha256 of adapter_model.safetensors>/}. */
public final class ArtifactStore {
    private static final String WEIGHTS = "adapter_model.safetensors";

    private final Path directory;

    public ArtifactStore(Path directory) {
        this.directory = directory;
    }

    /**
     * Durable when it returns; writing the same adapter again changes nothing.
     *
     * @return the digest
     */
    public String write(LoraAdapter adapter, String baseName) throws IOException {
        Files.createDirectories(directory);
        Path unfinished = Files.createTempDirectory(directory, AtomicFiles.UNFINISHED);
        String digest = PeftDirectory.write(unfinished, adapter, baseName);
        AtomicFiles.publish(unfinished, path(digest));
        return digest;
    }

    /** The adapter of that digest; an artifact with other bytes is an {@link IOException} that names both digests. */
    public LoraAdapter read(String digest, ModelConfig model) throws IOException {
        Path artifact = path(digest);
        String found = Digests.sha256(Files.readAllBytes(artifact.resolve(WEIGHTS)));
        if (!found.equals(digest)) {
            throw new IOException("adapter %s is corrupt: its bytes have digest %s".formatted(artifact, found));
        }
        return PeftDirectory.read(artifact, model);
    }

    public boolean contains(String digest) {
        return Files.isRegularFile(path(digest).resolve(WEIGHTS));
    }

    public void delete(String digest) throws IOException {
        AtomicFiles.delete(path(digest));
    }

    public Path path(String digest) {
        return directory.resolve(digest);
    }
}
