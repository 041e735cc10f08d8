package io.livegraft.actors.checkpoint;

import com.google.protobuf.InvalidProtocolBufferException;
import io.livegraft.actors.object.FileObjectStore;
import io.livegraft.actors.object.ObjectStore;
import io.livegraft.proto.checkpoint.Checkpoint;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Trainer states: {@code <tenant>/<20-digit offset>-<sha256>.ckpt}, the newest by offset, each naming the one it grew from. An
 * object whose bytes do not have the digest in its name is no checkpoint: it is skipped with a warning and the one before it is
 * used. The newest ones stay, and those that are pinned because a version can be reset to them.
 */
public final class CheckpointStore {
    private static final Logger LOG = LoggerFactory.getLogger(CheckpointStore.class);

    private final ObjectStore objects;
    private final int retained;

    /** Keeps the newest {@code retained} checkpoints of each tenant, and pinned ones. */
    public CheckpointStore(ObjectStore objects, int retained) {
        if (retained < 1) {
            throw new IllegalArgumentException("retained checkpoints %d must be at least 1".formatted(retained));
        }
        this.objects = objects;
        this.retained = retained;
    }

    /** In a directory of the local file system. */
    public CheckpointStore(Path directory, int retained) {
        this(FileObjectStore.in(directory), retained);
    }

    /**
     * A checkpoint whose bytes were verified.
     *
     * @param newest false when a newer one was there but could not be used: the log must be read again from this one on
     */
    public record Loaded(Checkpoint checkpoint, String digest, boolean newest) {}

    /**
     * Durable when it returns.
     *
     * @return the digest
     */
    public String store(Checkpoint checkpoint) throws IOException {
        byte[] bytes = checkpoint.toByteArray();
        return store(CheckpointName.of(checkpoint, bytes), bytes);
    }

    private String store(CheckpointName name, byte[] bytes) throws IOException {
        objects.put(name.key(), bytes);
        prune(name.tenant());
        return name.digest();
    }

    /** Deletes a tenant's checkpoints below this offset, pinned ones too: they hold what must be forgotten. */
    public void dropBefore(String tenant, long offset) throws IOException {
        Set<String> dropped = newestFirst(tenant).stream()
                .filter(name -> name.offset() < offset)
                .map(CheckpointName::digest)
                .collect(Collectors.toSet());
        for (Pin pin : pins(tenant)) {
            if (dropped.contains(pin.checkpoint())) {
                objects.delete(pin.key());
            }
        }
        for (CheckpointName name : newestFirst(tenant)) {
            if (dropped.contains(name.digest())) {
                objects.delete(name.key());
            }
        }
    }

    /**
     * As {@link #store(Checkpoint)}, and it stays until {@link #unpin}.
     *
     * @param version digest of the adapter in it, which is about to become a version
     */
    public String store(Checkpoint checkpoint, String version) throws IOException {
        byte[] bytes = checkpoint.toByteArray();
        CheckpointName name = CheckpointName.of(checkpoint, bytes);
        objects.put(new Pin(name.tenant(), version, name.digest()).key(), new byte[0]);
        return store(name, bytes);
    }

    /** Lets the checkpoints of a version go with the others of their age; nothing pinned is fine. */
    public void unpin(String tenant, String version) throws IOException {
        for (Pin pin : pins(tenant)) {
            if (pin.version().equals(version)) {
                objects.delete(pin.key());
            }
        }
        prune(tenant);
    }

    /** The state that a version can be reset to, verified; empty where none was pinned or it is no longer whole. */
    public Optional<Loaded> pinned(String tenant, String version) throws IOException {
        Set<String> digests = pins(tenant).stream()
                .filter(pin -> pin.version().equals(version))
                .map(Pin::checkpoint)
                .collect(Collectors.toSet());
        for (CheckpointName name : newestFirst(tenant)) {
            if (digests.contains(name.digest())) {
                Optional<Checkpoint> checkpoint = verified(name);
                if (checkpoint.isPresent()) {
                    return Optional.of(new Loaded(checkpoint.get(), name.digest(), false));
                }
            }
        }
        return Optional.empty();
    }

    /**
     * The newest usable checkpoint of a tenant. Where there are some and none can be used, an {@link UncheckedIOException}: the
     * log is not read again from its beginning, so starting without one would lose events.
     */
    public Optional<Loaded> latest(String tenant) {
        try {
            List<CheckpointName> names = newestFirst(tenant);
            for (CheckpointName name : names) {
                Optional<Checkpoint> checkpoint = verified(name);
                if (checkpoint.isPresent()) {
                    return Optional.of(new Loaded(checkpoint.get(), name.digest(), name.equals(names.getFirst())));
                }
            }
            if (!names.isEmpty()) {
                throw new IOException(
                        "tenant '%s' has %d checkpoints and none can be used; bring one back or remove them to begin anew"
                                .formatted(tenant, names.size()));
            }
            return Optional.empty();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The newest usable checkpoint of every tenant that has one. */
    public SortedMap<String, Loaded> latest() {
        SortedMap<String, Loaded> latest = new TreeMap<>();
        for (String tenant : tenants()) {
            latest(tenant).ifPresent(loaded -> latest.put(tenant, loaded));
        }
        return latest;
    }

    /** Tenants that ever stored a checkpoint here. */
    public List<String> tenants() {
        try {
            return objects.list("").stream()
                    .filter(ObjectStore.Child::folder)
                    .map(ObjectStore.Child::name)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Verifies every checkpoint of a tenant, newest first: its bytes, what it says of itself, and what it grew from. */
    public List<Finding> scrub(String tenant) throws IOException {
        return new CheckpointScrub(objects, newestFirst(tenant)).findings();
    }

    /** Empty, with a warning, where it can't be used. */
    private Optional<Checkpoint> verified(CheckpointName name) {
        try {
            Optional<byte[]> found = objects.read(name.key());
            if (found.isPresent() && Digests.sha256(found.get()).equals(name.digest())) {
                return Optional.of(CheckpointName.parse(found.get()));
            }
            LOG.warn("checkpoint {} is corrupt: using the one before it", name.key());
        } catch (InvalidProtocolBufferException e) {
            LOG.warn("checkpoint {} is of another format: using the one before it", name.key(), e);
        } catch (IOException e) {
            LOG.warn("checkpoint {} can't be read ({}): using the one before it", name.key(), e.toString());
        }
        return Optional.empty();
    }

    private void prune(String tenant) throws IOException {
        Set<String> pinned = pins(tenant).stream().map(Pin::checkpoint).collect(Collectors.toSet());
        List<CheckpointName> old = newestFirst(tenant).stream().skip(retained).toList();
        for (CheckpointName name : old) {
            if (!pinned.contains(name.digest())) {
                objects.delete(name.key());
            }
        }
    }

    private List<CheckpointName> newestFirst(String tenant) throws IOException {
        return named(tenant, CheckpointName::parse).stream()
                .sorted(CheckpointName.NEWEST_FIRST)
                .toList();
    }

    private List<Pin> pins(String tenant) throws IOException {
        return named(tenant, Pin::parse);
    }

    private <T> List<T> named(String tenant, BiFunction<String, String, Optional<T>> parse) throws IOException {
        return objects.list(tenant).stream()
                .flatMap(child -> parse.apply(tenant, child.name()).stream())
                .toList();
    }
}
