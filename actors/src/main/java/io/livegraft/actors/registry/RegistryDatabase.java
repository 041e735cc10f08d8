package io.livegraft.actors.registry;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.persistence.jdbc.testkit.javadsl.SchemaUtils;

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
        DatabaseAddress address = DatabaseAddress.of(settings, directory);
        return ConfigFactory.parseMap(Map.of(
                DATABASE + ".profile", address.profile(),
                DATABASE + ".db.driver", address.driver(),
                DATABASE + ".db.url", address.url(),
                DATABASE + ".db.user", address.user(),
                DATABASE + ".db.password", address.password(),
                DATABASE + ".db.numThreads", settings.connections(),
                DATABASE + ".db.maxConnections", settings.connections(),
                DATABASE + ".db.minConnections", 1));
    }

    /** Creates the journal's tables where they are missing. */
    static CompletionStage<Done> createTables(ActorSystem<?> system) {
        return SchemaUtils.createIfNotExists(system);
    }
}
