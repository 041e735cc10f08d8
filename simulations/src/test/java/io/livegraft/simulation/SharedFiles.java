package io.livegraft.simulation;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/** Data that lies beside the checkout; tests that need some skip where it is absent. */
public final class SharedFiles {
    private SharedFiles() {}

    /** Looks under LIVEGRAFT_SHARED, then under {@code shared} beside or above the checkout. */
    public static Path require(String relative) {
        Path module = Path.of(Objects.requireNonNullElse(System.getProperty("basedir"), ""))
                .toAbsolutePath();
        Optional<Path> file = Stream.concat(
                        Optional.ofNullable(System.getenv("LIVEGRAFT_SHARED")).map(Path::of).stream(),
                        Stream.of(module.resolve("../../shared"), module.resolve("../shared")))
                .map(root -> root.resolve(relative).normalize())
                .filter(Files::exists)
                .findFirst();
        assumeTrue(file.isPresent(), () -> "shared/" + relative + " is not beside the checkout");
        return file.orElseThrow();
    }
}
