package io.livegraft.gpu;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/** Models and test vectors that lie beside the checkout; tests that need one skip where it is absent. */
public final class SharedFiles {
    private SharedFiles() {}

    /** Looks under LIVEGRAFT_SHARED, then under {@code shared} beside or above the checkout. */
    public static Optional<Path> find(String relative) {
        Path module = Path.of(Objects.requireNonNullElse(System.getProperty("basedir"), ""))
                .toAbsolutePath();
        Stream<Path> roots = Stream.concat(
                Optional.ofNullable(System.getenv("LIVEGRAFT_SHARED")).map(Path::of).stream(),
                Stream.of(module.resolve("../../shared"), module.resolve("../shared")));
        return roots.map(root -> root.resolve(relative).normalize())
                .filter(Files::exists)
                .findFirst();
    }

    /** As {@link #find}, skipping the test with a reason when the file is not there. */
    public static Path require(String relative) {
        Optional<Path> file = find(relative);
        assumeTrue(file.isPresent(), () -> "shared/" + relative + " is not beside the checkout");
        return file.orElseThrow();
    }
}
