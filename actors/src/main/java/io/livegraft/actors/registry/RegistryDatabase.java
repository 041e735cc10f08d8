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

/** Where the registry's events are: an H2 database in one file. */
public final class RegistryDatabase {
    private static final String URL = "pekko-persistence-jdbc.shared-databases.slick.db.url";

    private RegistryDatabase() {}

    /**
     * The configuration that points Pekko Persistence to a directory.
     *
     * <p>{@code WRITE_DELAY=0}: a decision is in the file before it is answered, so kill -9 loses none.
     */
    public static Config in(Path directory) {
        Path file = directory.toAbsolutePath().resolve("registry");
        return ConfigFactory.parseMap(Map.of(
                URL,
                "jdbc:h2:file:%s;DATABASE_TO_UPPER=false;NON_KEYWORDS=VALUE;WRITE_DELAY=0;DB_CLOSE_ON_EXIT=FALSE"
                        .formatted(file)));
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
