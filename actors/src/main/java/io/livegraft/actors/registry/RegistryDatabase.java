package io.livegraft.actors.registry;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.persistence.jdbc.query.javadsl.JdbcReadJournal;
import org.apache.pekko.persistence.jdbc.testkit.javadsl.SchemaUtils;
import org.apache.pekko.persistence.query.PersistenceQuery;
import org.apache.pekko.stream.javadsl.Sink;

/** Where the registry's events are: an H2 database in one file, or a PostgreSQL server. */
public final class RegistryDatabase {
    private static final String DATABASE = "pekko-persistence-jdbc.shared-databases.slick";

    private RegistryDatabase() {}

    /**
     * The configuration that points Pekko Persistence to the database.
     *
     * @param directory of an embedded database
     */
    public static Config config(DatabaseSettings settings, Path directory) {
        Map<String, Object> driver =
                switch (settings) {
                    case DatabaseSettings.H2 h2 -> h2(directory);
                    case DatabaseSettings.PostgreSql server -> postgreSql(server);
                };
        return ConfigFactory.parseMap(driver)
                .withFallback(ConfigFactory.parseMap(Map.of(
                        DATABASE + ".db.numThreads", settings.connections(),
                        DATABASE + ".db.maxConnections", settings.connections(),
                        DATABASE + ".db.minConnections", 1)));
    }

    /** {@code WRITE_DELAY=0}: a decision is in the file before it is answered, so kill -9 loses none. */
    private static Map<String, Object> h2(Path directory) {
        Path file = directory.toAbsolutePath().resolve("registry");
        return Map.of(
                DATABASE + ".profile",
                "slick.jdbc.H2Profile$",
                DATABASE + ".db.driver",
                "org.h2.Driver",
                DATABASE + ".db.url",
                "jdbc:h2:file:%s;DATABASE_TO_UPPER=false;NON_KEYWORDS=VALUE;WRITE_DELAY=0;DB_CLOSE_ON_EXIT=FALSE"
                        .formatted(file),
                DATABASE + ".db.user",
                "sa",
                DATABASE + ".db.password",
                "");
    }

    private static Map<String, Object> postgreSql(DatabaseSettings.PostgreSql server) {
        return Map.of(
                DATABASE + ".profile",
                "slick.jdbc.PostgresProfile$",
                DATABASE + ".db.driver",
                "org.postgresql.Driver",
                DATABASE + ".db.url",
                server.url(),
                DATABASE + ".db.user",
                server.user(),
                DATABASE + ".db.password",
                server.password());
    }

    /** Creates missing tables, then finds the tenants that have a registry. */
    public static CompletionStage<List<String>> knownTenants(ActorSystem<?> system) {
        return SchemaUtils.createIfNotExists(system).thenCompose(created -> PersistenceQuery.get(system)
                .getReadJournalFor(JdbcReadJournal.class, JdbcReadJournal.Identifier())
                .currentPersistenceIds()
                .filter(id -> id.startsWith(AdapterRegistry.PERSISTENCE_PREFIX))
                .map(id -> id.substring(AdapterRegistry.PERSISTENCE_PREFIX.length()))
                .runWith(Sink.seq(), system));
    }
}
