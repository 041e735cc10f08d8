package io.livegraft.actors.checkpoint;

import com.google.protobuf.InvalidProtocolBufferException;
import io.livegraft.proto.checkpoint.Checkpoint;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Trainer states: {@code <directory>/<tenant>/<20-digit offset>-<sha256>.ckpt}, the newest by offset. A file whose bytes do
 * not have the digest in its name is not a checkpoint: it is skipped with a warning and the one before it is used.
 */
public final class CheckpointStore {
    private static final Logger LOG = LoggerFactory.getLogger(CheckpointStore.class);
    private static final Pattern NAME = Pattern.compile("(\\d{20})-([0-9a-f]{64})\\.ckpt");

    private final Path directory;
    private final int retained;

    /** Keeps the newest {@code retained} checkpoints of each tenant. */
    public CheckpointStore(Path directory, int retained) {
        if (retained < 1) {
            throw new IllegalArgumentException("retained checkpoints %d must be at least 1".formatted(retained));
        }
        this.directory = directory;
        this.retained = retained;
    }

    /**
     * A checkpoint whose bytes were verified.
     *
     * @param newest false when a newer one was there but could not be used: the log must be read again from this one on
     */
    public record Loaded(Checkpoint checkpoint, String digest, boolean newest) {}

    private record Named(Path file, long offset, String digest) {}

    /**
     * Durable when it returns.
     *
     * @return the digest
     */
    public String store(Checkpoint checkpoint) throws IOException {
        byte[] bytes = checkpoint.toByteArray();
        String digest = Digests.sha256(bytes);
        Path tenant = directory.resolve(checkpoint.getTenant());
        AtomicFiles.write(tenant.resolve("%020d-%s.ckpt".formatted(checkpoint.getOffset(), digest)), bytes);
        List<Named> all = newestFirst(tenant);
        for (Named old : all.subList(Math.min(retained, all.size()), all.size())) {
            Files.deleteIfExists(old.file());
        }
        return digest;
    }

    /** The newest usable checkpoint of a tenant. */
    public Optional<Loaded> latest(String tenant) {
        boolean newest = true;
        for (Named named : newestFirst(directory.resolve(tenant))) {
            Optional<Checkpoint> checkpoint = verified(named);
            if (checkpoint.isPresent()) {
                return Optional.of(new Loaded(checkpoint.get(), named.digest(), newest));
            }
            newest = false;
        }
        return Optional.empty();
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
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> children = Files.list(directory)) {
            return children.filter(Files::isDirectory)
                    .map(child -> child.getFileName().toString())
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Optional<Checkpoint> verified(Named named) {
        try {
            byte[] bytes = Files.readAllBytes(named.file());
            String digest = Digests.sha256(bytes);
            if (digest.equals(named.digest())) {
                return Optional.of(Checkpoint.parseFrom(bytes));
            }
            LOG.warn(
                    "checkpoint {} is corrupt, its bytes have digest {}: using the one before it",
                    named.file(),
                    digest);
        } catch (InvalidProtocolBufferException e) {
            LOG.warn("checkpoint {} is of another format: using the one before it", named.file(), e);
        } catch (IOException e) {
            LOG.warn("checkpoint {} can't be read: using the one before it", named.file(), e);
        }
        return Optional.empty();
    }

    private static List<Named> newestFirst(Path tenant) {
        if (!Files.isDirectory(tenant)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(tenant)) {
            return files.flatMap(file -> named(file).stream())
                    .sorted(Comparator.comparingLong(Named::offset)
                            .thenComparing(Named::digest)
                            .reversed())
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Optional<Named> named(Path file) {
        Matcher matcher = NAME.matcher(file.getFileName().toString());
        return matcher.matches()
                ? Optional.of(new Named(file, Long.parseLong(matcher.group(1)), matcher.group(2)))
                : Optional.empty();
    }
}
