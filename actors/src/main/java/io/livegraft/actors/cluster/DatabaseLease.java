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
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.coordination.lease.LeaseSettings;
import org.apache.pekko.coordination.lease.javadsl.Lease;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A lease in the registry's PostgreSQL: one row per name, whose holder and end change in one statement by the server's clock.
 * Made by Pekko, by its name in the configuration.
 *
 * <p>A holder that lives renews it, so nobody else gets it until it is given back; one that died or is paused loses it soon.
 * Whoever asks waits that long, and no longer: meanwhile a living holder has not given it back.
 */
public final class DatabaseLease extends Lease {
    private static final Logger LOG = LoggerFactory.getLogger(DatabaseLease.class);
    private static final String DATABASE = "pekko-persistence-jdbc.shared-databases.slick.db";
    private static final Duration AGAIN = Duration.ofMillis(500);
    private static final String TABLE = "CREATE TABLE IF NOT EXISTS node_lease"
            + " (name VARCHAR(255) PRIMARY KEY, owner VARCHAR(255) NOT NULL, ends TIMESTAMP WITH TIME ZONE NOT NULL)";
    private static final String RELEASE = "DELETE FROM node_lease WHERE name = ? AND owner = ?";

    private final LeaseSettings settings;
    private final Config database;
    private final Executor blocking;
    private final Duration lasting;
    private final String acquire;
    private final Duration renewal;
    private volatile boolean held;

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
        this.lasting = settings.timeoutSettings().getHeartbeatTimeout();
        this.acquire = acquire(lasting);
        this.renewal = settings.timeoutSettings().getHeartbeatInterval();
    }

    @Override
    public LeaseSettings getSettings() {
        return settings;
    }

    @Override
    public CompletionStage<Boolean> acquire() {
        return acquire(lost -> LOG.warn("lease {} was lost", settings.leaseName(), lost.orElse(null)));
    }

    @Override
    public CompletionStage<Boolean> acquire(Consumer<Optional<Throwable>> lost) {
        long deadline = System.nanoTime() + lasting.plus(renewal).toNanos();
        return CompletableFuture.supplyAsync(this::table, blocking).thenCompose(made -> acquire(deadline, lost));
    }

    private CompletionStage<Boolean> acquire(long deadlineNanos, Consumer<Optional<Throwable>> lost) {
        if (!held && update(acquire)) {
            held = true;
            renewLater(lost);
        }
        if (held || System.nanoTime() > deadlineNanos) {
            return CompletableFuture.completedStage(held);
        }
        return CompletableFuture.supplyAsync(() -> deadlineNanos, later(AGAIN))
                .thenCompose(deadline -> acquire(deadline, lost));
    }

    private void renewLater(Consumer<Optional<Throwable>> lost) {
        later(renewal).execute(() -> renew(lost));
    }

    private void renew(Consumer<Optional<Throwable>> lost) {
        try {
            if (held && update(acquire)) {
                renewLater(lost);
            } else if (held) {
                held = false;
                lost.accept(Optional.empty());
            }
        } catch (IllegalStateException e) {
            held = false;
            lost.accept(Optional.of(e));
        }
    }

    @Override
    public CompletionStage<Boolean> release() {
        held = false;
        return CompletableFuture.supplyAsync(() -> update(RELEASE), blocking).thenApply(given -> true);
    }

    @Override
    public boolean checkLease() {
        return held;
    }

    private Executor later(Duration delay) {
        return CompletableFuture.delayedExecutor(delay.toMillis(), TimeUnit.MILLISECONDS, blocking);
    }

    private static String acquire(Duration lasting) {
        return "INSERT INTO node_lease (name, owner, ends) VALUES (?, ?, clock_timestamp() + "
                + lasting.toMillis()
                + " * INTERVAL '1 millisecond') ON CONFLICT (name) DO UPDATE"
                + " SET owner = EXCLUDED.owner, ends = EXCLUDED.ends"
                + " WHERE node_lease.owner = EXCLUDED.owner OR node_lease.ends < clock_timestamp()";
    }

    private boolean table() {
        try (Connection connection = connect();
                Statement table = connection.createStatement()) {
            return table.execute(TABLE);
        } catch (SQLException e) {
            throw failed(e);
        }
    }

    /** Whether the row is now as it was asked to be. */
    private boolean update(String sql) {
        try (Connection connection = connect();
                PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, settings.leaseName());
            statement.setString(2, settings.ownerName());
            return statement.executeUpdate() == 1;
        } catch (SQLException e) {
            throw failed(e);
        }
    }

    private Connection connect() throws SQLException {
        return DriverManager.getConnection(
                database.getString("url"), database.getString("user"), database.getString("password"));
    }

    private IllegalStateException failed(SQLException cause) {
        return new IllegalStateException("lease %s can't be asked for".formatted(settings.leaseName()), cause);
    }
}
