package io.livegraft.actors.registry;

import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/** The registry over a real H2 file. */
class H2RegistryTest extends RegistryContract {
    @TempDir
    private static Path directory;

    @Override
    DatabaseSettings database() {
        return new DatabaseSettings.H2(4);
    }

    @Override
    Path directory() {
        return directory;
    }
}
