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
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;

/**
 * Adapters as PEFT directories, {@code <sha256 of adapter_model.safetensors>/}, each with the digests of its files in
 * {@code SHA256SUMS} (as sha256sum writes it). That file is written last: without it the adapter is not there. Where the store is
 * far away there are copies of the weights nearby; whether an adapter is there the store alone decides.
 */
public final class ArtifactStore {
    private static final String SUMS = "SHA256SUMS";

    private final ObjectStore objects;
    private final Optional<AdapterCopies> copies;

    public ArtifactStore(ObjectStore objects) {
        this(objects, Optional.empty());
    }

    public ArtifactStore(ObjectStore objects, Optional<AdapterCopies> copies) {
        this.objects = objects;
        this.copies = copies;
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
        objects.put(key(digest, SUMS), sums(digest, bytes(kept, PeftDirectory.CONFIG)));
        copies.ifPresent(nearby -> nearby.keep(digest, bytes(kept, PeftDirectory.WEIGHTS)));
        return digest;
    }

    /** The adapter of that digest; an {@link IOException} that says what is amiss where its bytes are others. */
    public LoraAdapter read(String digest, ModelConfig model) throws IOException {
        Map<String, byte[]> files = verified(digest, weights(digest));
        return PeftDirectory.decode(bytes(files, PeftDirectory.WEIGHTS), bytes(files, PeftDirectory.CONFIG), model);
    }

    public boolean contains(String digest) throws IOException {
        return objects.read(key(digest, SUMS)).isPresent();
    }

    /** Whether its weights are nearby. */
    public boolean isCopied(String digest) {
        return copies.filter(nearby -> nearby.has(digest)).isPresent();
    }

    /** Copies of adapters that are no more go. */
    public void dropStaleCopies() throws IOException {
        if (copies.isPresent()) {
            copies.get().retain(Set.copyOf(digests()));
        }
    }

    /** For good; nothing there is fine. */
    public void delete(String digest) throws IOException {
        for (String file : List.of(SUMS, PeftDirectory.WEIGHTS, PeftDirectory.CONFIG)) {
            objects.delete(key(digest, file));
        }
        copies.ifPresent(nearby -> nearby.drop(digest));
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
            stored(digest);
            return new Finding.Whole(digest);
        } catch (IOException e) {
            return new Finding.Damaged(digest, String.valueOf(e.getMessage()));
        }
    }

    private Optional<SequencedMap<String, byte[]>> whole(String digest) {
        try {
            return Optional.of(stored(digest));
        } catch (IOException e) {
            return Optional.empty(); // written anew
        }
    }

    /** As the store itself has it. */
    private SequencedMap<String, byte[]> stored(String digest) throws IOException {
        return verified(digest, storedWeights(digest));
    }

    /** Config, then weights. */
    private SequencedMap<String, byte[]> verified(String digest, byte[] weights) throws IOException {
        byte[] config = read(digest, PeftDirectory.CONFIG);
        if (!Arrays.equals(read(digest, SUMS), sums(digest, config))) {
            throw new IOException("adapter %s is corrupt: its files are not those of its %s".formatted(digest, SUMS));
        }
        SequencedMap<String, byte[]> files = new LinkedHashMap<>();
        files.put(PeftDirectory.CONFIG, config);
        files.put(PeftDirectory.WEIGHTS, weights);
        return files;
    }

    private byte[] weights(String digest) throws IOException {
        Optional<byte[]> copy = copies.flatMap(nearby -> nearby.read(digest))
                .filter(bytes -> Digests.sha256(bytes).equals(digest));
        if (copy.isPresent()) {
            return copy.get();
        }
        byte[] weights = storedWeights(digest);
        copies.ifPresent(nearby -> nearby.keep(digest, weights));
        return weights;
    }

    private byte[] storedWeights(String digest) throws IOException {
        byte[] weights = read(digest, PeftDirectory.WEIGHTS);
        String found = Digests.sha256(weights);
        if (!found.equals(digest)) {
            throw new IOException("adapter %s is corrupt: its bytes have digest %s".formatted(digest, found));
        }
        return weights;
    }

    private byte[] read(String digest, String file) throws IOException {
        return objects.read(key(digest, file))
                .orElseThrow(() -> new IOException("adapter %s has no %s".formatted(digest, file)));
    }

    private static byte[] bytes(Map<String, byte[]> files, String name) {
        return Optional.ofNullable(files.get(name)).orElseThrow();
    }

    /** The weights' digest is the adapter's. */
    private static byte[] sums(String digest, byte[] config) {
        String sums = "%s  %s\n%s  %s\n"
                .formatted(Digests.sha256(config), PeftDirectory.CONFIG, digest, PeftDirectory.WEIGHTS);
        return sums.getBytes(StandardCharsets.UTF_8);
    }

    private static String key(String digest, String file) {
        return digest + "/" + file;
    }
}
