package io.livegraft.actors.checkpoint;

import io.livegraft.actors.object.FileObjectStore;
import io.livegraft.actors.object.ObjectStore;
import io.livegraft.gpu.lora.LoraAdapter;
import io.livegraft.gpu.lora.PeftDirectory;
import io.livegraft.gpu.model.ModelConfig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * Adapters as PEFT directories, {@code <sha256 of adapter_model.safetensors>/}, each with the digests of its files in
 * {@code SHA256SUMS} (as sha256sum writes it). That file is written last: without it the adapter is not there.
 */
public final class ArtifactStore {
    private static final String SUMS = "SHA256SUMS";

    private final ObjectStore objects;

    public ArtifactStore(ObjectStore objects) {
        this.objects = objects;
    }

    /** In a directory of the local file system. */
    public ArtifactStore(Path directory) {
        this(FileObjectStore.in(directory));
    }

    /**
     * Durable when it returns; writing the same adapter again changes nothing, but mends files that are no longer whole.
     *
     * @return the digest
     */
    public String write(LoraAdapter adapter, String baseName) throws IOException {
        SequencedMap<String, byte[]> files = new LinkedHashMap<>();
        files.put(PeftDirectory.CONFIG, PeftDirectory.config(adapter, baseName));
        files.put(PeftDirectory.WEIGHTS, PeftDirectory.safetensors(adapter));
        String digest = Digests.sha256(files.get(PeftDirectory.WEIGHTS));
        // What is there whole stays as it is, but may not be durable yet: whoever wrote it may have died before it was.
        SequencedMap<String, byte[]> kept = whole(digest).orElse(files);
        for (Map.Entry<String, byte[]> file : kept.entrySet()) {
            objects.put(key(digest, file.getKey()), file.getValue());
        }
        objects.put(key(digest, SUMS), sums(kept));
        return digest;
    }

    /** The adapter of that digest; an {@link IOException} that says what is amiss where its bytes are others. */
    public LoraAdapter read(String digest, ModelConfig model) throws IOException {
        Map<String, byte[]> files = verified(digest);
        return PeftDirectory.decode(bytes(files, PeftDirectory.WEIGHTS), bytes(files, PeftDirectory.CONFIG), model);
    }

    public boolean contains(String digest) throws IOException {
        return objects.read(key(digest, SUMS)).isPresent();
    }

    /** For good; nothing there is fine. */
    public void delete(String digest) throws IOException {
        for (String file : List.of(SUMS, PeftDirectory.WEIGHTS, PeftDirectory.CONFIG)) {
            objects.delete(key(digest, file));
        }
    }

    /** Of all adapters, finished or not. */
    public List<String> digests() throws IOException {
        return objects.list("").stream()
                .filter(ObjectStore.Child::folder)
                .map(ObjectStore.Child::name)
                .toList();
    }

    /** Verifies every adapter. */
    public List<Finding> scrub() throws IOException {
        List<Finding> findings = new ArrayList<>();
        for (String digest : digests()) {
            findings.add(scrub(digest));
        }
        return findings;
    }

    private Finding scrub(String digest) {
        try {
            if (!contains(digest)) {
                return new Finding.Unfinished(digest);
            }
            verified(digest);
            return new Finding.Whole(digest);
        } catch (IOException e) {
            return new Finding.Damaged(digest, String.valueOf(e.getMessage()));
        }
    }

    private Optional<SequencedMap<String, byte[]>> whole(String digest) {
        try {
            return Optional.of(verified(digest));
        } catch (IOException e) {
            return Optional.empty(); // written anew
        }
    }

    /** Config, then weights. */
    private SequencedMap<String, byte[]> verified(String digest) throws IOException {
        SequencedMap<String, byte[]> files = new LinkedHashMap<>();
        for (String name : List.of(PeftDirectory.CONFIG, PeftDirectory.WEIGHTS)) {
            files.put(name, read(digest, name));
        }
        String found = Digests.sha256(bytes(files, PeftDirectory.WEIGHTS));
        if (!found.equals(digest)) {
            throw new IOException("adapter %s is corrupt: its bytes have digest %s".formatted(digest, found));
        }
        String sums = new String(read(digest, SUMS), StandardCharsets.UTF_8);
        if (!sums.equals(new String(sums(files), StandardCharsets.UTF_8))) {
            throw new IOException("adapter %s is corrupt: its files are not those of its %s".formatted(digest, SUMS));
        }
        return files;
    }

    private byte[] read(String digest, String file) throws IOException {
        return objects.read(key(digest, file))
                .orElseThrow(() -> new IOException("adapter %s has no %s".formatted(digest, file)));
    }

    private static byte[] bytes(Map<String, byte[]> files, String name) {
        return Optional.ofNullable(files.get(name)).orElseThrow();
    }

    private static byte[] sums(SequencedMap<String, byte[]> files) {
        StringBuilder sums = new StringBuilder();
        files.forEach((name, bytes) ->
                sums.append(Digests.sha256(bytes)).append("  ").append(name).append('\n'));
        return sums.toString().getBytes(StandardCharsets.UTF_8);
    }

    private static String key(String digest, String file) {
        return digest + "/" + file;
    }
}
