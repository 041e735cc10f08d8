package io.livegraft.actors.registry;

import java.util.List;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.persistence.jdbc.query.javadsl.JdbcReadJournal;
import org.apache.pekko.persistence.query.PersistenceQuery;
import org.apache.pekko.stream.javadsl.Sink;

/** The tenants that have a registry in the database. */
public final class KnownTenants {
    private KnownTenants() {}

    public static CompletionStage<List<String>> find(ActorSystem<?> system) {
        return PersistenceQuery.get(system)
                .getReadJournalFor(JdbcReadJournal.class, JdbcReadJournal.Identifier())
                .currentPersistenceIds()
                .filter(id -> id.startsWith(AdapterRegistry.PERSISTENCE_PREFIX))
                .map(id -> id.substring(AdapterRegistry.PERSISTENCE_PREFIX.length()))
                .runWith(Sink.seq(), system);
    }
}
