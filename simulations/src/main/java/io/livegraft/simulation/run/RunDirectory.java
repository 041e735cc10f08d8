package io.livegraft.simulation.run;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The folder of everything that a run writes, and the base that it runs on. */
public final class RunDirectory {
    private RunDirectory() {}

    /** A new one: the named, or else a temporary one whose name begins with {@code prefix}. */
    public static Path make(Optional<Path> named, String prefix) throws IOException {
        if (named.isEmpty()) {
            return Files.createTempDirectory(prefix);
        }
        Path directory = named.get().toAbsolutePath().normalize();
        if (Files.exists(directory)) {
            throw new LivegraftException(
                    ErrorCode.INVALID_CONFIGURATION,
                    "--out %s exists already, expected a new folder".formatted(directory));
        }
        return Files.createDirectories(directory);
    }

    /** The base that comes with the distribution. */
    public static Path bundledBase() {
        Path bundled = Path.of(System.getProperty("livegraft.home", ""))
                .resolve("base")
                .resolve("livegraft-tiny");
        if (!Files.isDirectory(bundled)) {
            throw new LivegraftException(
                    ErrorCode.INVALID_CONFIGURATION,
                    "there is no bundled base at %s; name one with --base DIR".formatted(bundled));
        }
        return bundled;
    }

    public static void delete(Path directory) {
        try (Stream<Path> tree = Files.walk(directory)) {
            List<Path> deepestFirst = tree.sorted(Comparator.reverseOrder()).toList();
            for (Path each : deepestFirst) {
                Files.deleteIfExists(each);
            }
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }
}
