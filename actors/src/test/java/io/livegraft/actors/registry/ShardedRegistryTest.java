package io.livegraft.actors.registry;

import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/** The registry as the nodes of a cluster have it: dealt out, and everything told to it serialized. */
class ShardedRegistryTest extends RegistryContract {
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

    @Override
    Placement placement() {
        return Placement.SHARDED;
    }
}
