package io.livegraft.actors.registry;

import java.nio.file.Path;

/**
 * How to reach a database by JDBC.
 *
 * @param profile Slick's class for its dialect
 */
record DatabaseAddress(String profile, String driver, String url, String user, String password) {

    /**
     * Where the settings point to.
     *
     * @param directory of an embedded database
     */
    static DatabaseAddress of(DatabaseSettings settings, Path directory) {
        return switch (settings) {
            case DatabaseSettings.H2 h2 -> h2(directory);
            case DatabaseSettings.PostgreSql server ->
                new DatabaseAddress(
                        "slick.jdbc.PostgresProfile$",
                        "org.postgresql.Driver",
                        server.url(),
                        server.user(),
                        server.password());
        };
    }

    /** {@code WRITE_DELAY=0}: a decision is in the file before it is answered, so kill -9 loses none. */
    private static DatabaseAddress h2(Path directory) {
        String url = "jdbc:h2:file:%s;DATABASE_TO_UPPER=false;NON_KEYWORDS=VALUE;WRITE_DELAY=0;DB_CLOSE_ON_EXIT=FALSE"
                .formatted(directory.toAbsolutePath().resolve("registry"));
        return new DatabaseAddress("slick.jdbc.H2Profile$", "org.h2.Driver", url, "sa", "");
    }

    /** Without the password. */
    @Override
    public String toString() {
        return "DatabaseAddress[url=%s, user=%s]".formatted(url, user);
    }
}
