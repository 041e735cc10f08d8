package io.livegraft.simulation.swap;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** Links to every adapter that the node has written, also to those that it has dropped since. */
final class KeptAdapters {
    /** Written last: with it an adapter is whole. */
    private static final String SUMS = "SHA256SUMS";

    private final Path written;
    private final Path kept;
    private final Set<String> digests = new HashSet<>();

    /** {@code written} is the node's directory, {@code kept} a new one on the same file system. */
    KeptAdapters(Path written, Path kept) {
        this.written = written;
        this.kept = kept;
    }

    Path directory() {
        return kept;
    }

    int size() {
        return digests.size();
    }

    /** Called often enough to see every adapter before it is dropped. */
    void look() {
        try (Stream<Path> adapters = Files.isDirectory(written) ? Files.list(written) : Stream.empty()) {
            for (Path adapter : adapters.toList()) {
                String digest = adapter.getFileName().toString();
                if (!digests.contains(digest) && Files.exists(adapter.resolve(SUMS)) && keep(adapter)) {
                    digests.add(digest);
                }
            }
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    private boolean keep(Path adapter) throws IOException {
        Path own = Files.createDirectories(kept.resolve(adapter.getFileName()));
        try {
            for (String name : List.of("adapter_config.json", "adapter_model.safetensors", SUMS)) {
                Files.createLink(own.resolve(name), adapter.resolve(name));
            }
            return true;
        } catch (FileAlreadyExistsException | NoSuchFileException replaced) {
            return false; // refused by the gate and dropped again: it never serves
        }
    }
}
