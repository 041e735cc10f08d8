package io.livegraft.actors.cluster;

import com.typesafe.config.Config;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.coordination.lease.LeaseSettings;
import org.apache.pekko.coordination.lease.javadsl.Lease;

/**
 * A lease in the registry's PostgreSQL: one row per name, whose holder and end change in one statement by the server's clock.
 * It is not renewed: it lasts longer than a split's decision needs. Made by Pekko, by its name in the configuration.
 */
public final class DatabaseLease extends Lease {
    private static final String DATABASE = "pekko-persistence-jdbc.shared-databases.slick.db";
    private static final String TABLE = "CREATE TABLE IF NOT EXISTS node_lease"
            + " (name VARCHAR(255) PRIMARY KEY, owner VARCHAR(255) NOT NULL, ends TIMESTAMP WITH TIME ZONE NOT NULL)";
    private static final String ACQUIRE = "INSERT INTO node_lease (name, owner, ends)"
            + " VALUES (?, ?, clock_timestamp() + ? * INTERVAL '1 millisecond')"
            + " ON CONFLICT (name) DO UPDATE SET owner = EXCLUDED.owner, ends = EXCLUDED.ends"
            + " WHERE node_lease.owner = EXCLUDED.owner OR node_lease.ends < clock_timestamp()";

    private final LeaseSettings settings;
    private final Config database;
    private final Executor blocking;
    private volatile long heldUntilNanos = System.nanoTime();

    /** As Pekko calls it. */
    public DatabaseLease(LeaseSettings settings, ExtendedActorSystem system) {
        this(
                settings,
                system.settings().config().getConfig(DATABASE),
                system.dispatchers().lookup("pekko.actor.default-blocking-io-dispatcher"));
    }

    DatabaseLease(LeaseSettings settings, Config database, Executor blocking) {
        super();
        this.settings = settings;
        this.database = database;
        this.blocking = blocking;
    }

    @Override
    public LeaseSettings getSettings() {
        return settings;
    }

    @Override
    public CompletionStage<Boolean> acquire() {
        return CompletableFuture.supplyAsync(this::tryToAcquire, blocking);
    }

    /** It is never lost before its end, of which nobody is told. */
    @Override
    public CompletionStage<Boolean> acquire(Consumer<Optional<Throwable>> lost) {
        return acquire();
    }

    @Override
    public CompletionStage<Boolean> release() {
        return CompletableFuture.supplyAsync(this::tryToRelease, blocking);
    }

    @Override
    public boolean checkLease() {
        return System.nanoTime() - heldUntilNanos < 0;
    }

    private boolean tryToAcquire() {
        Duration lasting = settings.timeoutSettings().getHeartbeatTimeout();
        long began = System.nanoTime();
        try (Connection connection = connect();
                Statement table = connection.createStatement();
                PreparedStatement acquire = connection.prepareStatement(ACQUIRE)) {
            table.execute(TABLE);
            acquire.setString(1, settings.leaseName());
            acquire.setString(2, settings.ownerName());
            acquire.setLong(3, lasting.toMillis());
            boolean acquired = acquire.executeUpdate() == 1;
            if (acquired) {
                heldUntilNanos = began + lasting.toNanos();
            }
            return acquired;
        } catch (SQLException e) {
            throw new IllegalStateException("lease %s can't be asked for".formatted(settings.leaseName()), e);
        }
    }

    private boolean tryToRelease() {
        try (Connection connection = connect();
                PreparedStatement release =
                        connection.prepareStatement("DELETE FROM node_lease WHERE name = ? AND owner = ?")) {
            release.setString(1, settings.leaseName());
            release.setString(2, settings.ownerName());
            release.executeUpdate();
            heldUntilNanos = System.nanoTime();
            return true;
        } catch (SQLException e) {
            throw new IllegalStateException("lease %s can't be given back".formatted(settings.leaseName()), e);
        }
    }

    private Connection connect() throws SQLException {
        return DriverManager.getConnection(
                database.getString("url"), database.getString("user"), database.getString("password"));
    }
}
