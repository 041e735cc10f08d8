package io.livegraft.actors.registry;

import java.nio.file.Path;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.io.TempDir;

/** The registry over a real PostgreSQL. */
class PostgreSqlRegistryTest extends RegistryContract {
    @AutoClose
    private final TestingPostgreSql server = TestingPostgreSql.start();

    @TempDir
    private static Path directory;

    @Override
    DatabaseSettings database() {
        return server.settings();
    }

    @Override
    Path directory() {
        return directory;
    }
}
