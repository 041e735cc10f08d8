package io.livegraft.actors.registry;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import javax.sql.DataSource;

/**
 * A table of all tenants and how they stand, beside the journal: nobody has to hold them all in memory to list them.
 *
 * <p>It is as far as the journal position that it holds; rows and position change in one transaction, so it never misses or
 * doubles an event, whenever the process dies. Calls block.
 */
public final class TenantIndex implements AutoCloseable {
    private static final int CONNECTIONS = 2;
    /** Beyond every character of a tenant's name. */
    private static final String END = "~";

    private final DataSource database;
    private final HikariDataSource pool;
    /** By bytes, whatever language the server speaks: pages are in the order of names. */
    private final String collation;

    private TenantIndex(HikariDataSource pool, boolean h2) {
        this.database = pool;
        this.pool = pool;
        this.collation = h2 ? "" : " COLLATE \"C\"";
    }

    /** Connects when it is first used. */
    public static TenantIndex open(DatabaseSettings settings, Path directory) {
        DatabaseAddress address = DatabaseAddress.of(settings, directory);
        HikariConfig config = new HikariConfig();
        config.setPoolName("tenant-index");
        config.setDriverClassName(address.driver());
        config.setJdbcUrl(address.url());
        config.setUsername(address.user());
        config.setPassword(address.password());
        config.setMaximumPoolSize(CONNECTIONS);
        config.setInitializationFailTimeout(-1);
        return new TenantIndex(new HikariDataSource(config), settings instanceof DatabaseSettings.H2);
    }

    /** Creates the tables where they are missing. */
    void createTables() throws SQLException {
        try (Connection connection = database.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("""
                    CREATE TABLE IF NOT EXISTS tenant_index (
                      tenant VARCHAR(63)%s PRIMARY KEY, serving INT NOT NULL, digest VARCHAR(64) NOT NULL,
                      previous INT, candidate INT, held BOOLEAN NOT NULL, versions INT NOT NULL,
                      updated_millis BIGINT NOT NULL)""".formatted(collation));
            statement.execute(
                    "CREATE TABLE IF NOT EXISTS tenant_index_position (id INT PRIMARY KEY, journal BIGINT NOT NULL)");
            statement.execute("INSERT INTO tenant_index_position SELECT 1, 0"
                    + " WHERE NOT EXISTS (SELECT 1 FROM tenant_index_position)");
        }
    }

    /** How far into the journal the rows are. */
    long position() throws SQLException {
        try (Connection connection = database.getConnection();
                Statement statement = connection.createStatement();
                ResultSet found = statement.executeQuery("SELECT journal FROM tenant_index_position")) {
            found.next();
            return found.getLong(1);
        }
    }

    /**
     * Takes in what the journal holds between two positions, as the latest row of each tenant in it.
     *
     * @return false, and nothing is changed, where another node has gone on from {@code from} already
     */
    boolean advance(long from, long to, Collection<TenantRow> rows) throws SQLException {
        try (Connection connection = database.getConnection()) {
            connection.setAutoCommit(false);
            try {
                boolean first = move(connection, from, to);
                if (first) {
                    insert(connection, update(connection, List.copyOf(rows)));
                }
                connection.commit();
                return first;
            } catch (SQLException e) {
                connection.rollback();
                throw e;
            }
        }
    }

    /** Also locks out others until the end of the transaction. */
    private static boolean move(Connection connection, long from, long to) throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement("UPDATE tenant_index_position SET journal = ? WHERE journal = ?")) {
            statement.setLong(1, to);
            statement.setLong(2, from);
            return statement.executeUpdate() == 1;
        }
    }

    /** Returns those that are not there yet. */
    private static List<TenantRow> update(Connection connection, List<TenantRow> rows) throws SQLException {
        List<TenantRow> missing = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(
                "UPDATE tenant_index SET serving = ?, digest = ?,"
                        + " previous = ?, candidate = ?, held = ?, versions = ?, updated_millis = ? WHERE tenant = ?")) {
            batch(statement, rows);
            int[] updated = statement.executeBatch();
            for (int i = 0; i < updated.length; i++) {
                if (updated[i] == 0) {
                    missing.add(rows.get(i));
                }
            }
        }
        return missing;
    }

    private static void insert(Connection connection, List<TenantRow> rows) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("INSERT INTO tenant_index"
                + " (serving, digest, previous, candidate, held, versions, updated_millis, tenant)"
                + " VALUES (?, ?, ?, ?, ?, ?, ?, ?)")) {
            batch(statement, rows);
            statement.executeBatch();
        }
    }

    private static void batch(PreparedStatement statement, List<TenantRow> rows) throws SQLException {
        for (TenantRow row : rows) {
            Standing standing = row.standing();
            statement.setInt(1, standing.serving());
            statement.setString(2, standing.digest());
            setInt(statement, 3, standing.previous());
            setInt(statement, 4, standing.candidate());
            statement.setBoolean(5, standing.held());
            statement.setInt(6, standing.versions());
            statement.setLong(7, row.updatedAt().toEpochMilli());
            statement.setString(8, row.tenant());
            statement.addBatch();
        }
    }

    private static void setInt(PreparedStatement statement, int index, OptionalInt value) throws SQLException {
        if (value.isPresent()) {
            statement.setInt(index, value.getAsInt());
        } else {
            statement.setNull(index, Types.INTEGER);
        }
    }

    /** How many decisions the journal holds of each of these tenants; of those it knows. */
    public Map<String, Long> revisions(Collection<String> tenants) throws SQLException {
        Map<String, Long> revisions = new HashMap<>();
        List<String> ids = tenants.stream()
                .map(tenant -> AdapterRegistry.PERSISTENCE_PREFIX + tenant)
                .toList();
        String places = String.join(", ", Collections.nCopies(ids.size(), "?"));
        try (Connection connection = database.getConnection();
                PreparedStatement statement = connection.prepareStatement(
                        "SELECT \"persistence_id\", MAX(\"sequence_number\") FROM \"event_journal\""
                                + " WHERE \"persistence_id\" IN (%s) GROUP BY \"persistence_id\"".formatted(places))) {
            for (int i = 0; i < ids.size(); i++) {
                statement.setString(i + 1, ids.get(i));
            }
            try (ResultSet found = statement.executeQuery()) {
                while (found.next()) {
                    revisions.put(
                            found.getString(1).substring(AdapterRegistry.PERSISTENCE_PREFIX.length()),
                            found.getLong(2));
                }
            }
        }
        return revisions;
    }

    /** In the order of names. */
    public TenantPage page(TenantQuery query) throws SQLException {
        boolean goesOn = query.after()
                .filter(after -> after.compareTo(query.prefix()) >= 0)
                .isPresent();
        String sql = "SELECT tenant, serving, digest, previous, candidate, held, versions, updated_millis"
                + " FROM tenant_index WHERE tenant %s ? AND tenant < ? ORDER BY tenant LIMIT ?"
                        .formatted(goesOn ? ">" : ">=");
        try (Connection connection = database.getConnection();
                PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, goesOn ? query.after().orElseThrow() : query.prefix());
            statement.setString(2, query.prefix() + END);
            statement.setInt(3, query.limit() + 1);
            try (ResultSet found = statement.executeQuery()) {
                return page(found, query.limit());
            }
        }
    }

    private static TenantPage page(ResultSet found, int limit) throws SQLException {
        List<TenantRow> rows = new ArrayList<>();
        while (found.next()) {
            Standing standing = new Standing(
                    found.getInt(2),
                    found.getString(3),
                    optional(found, 4),
                    optional(found, 5),
                    found.getBoolean(6),
                    found.getInt(7));
            rows.add(new TenantRow(found.getString(1), standing, Instant.ofEpochMilli(found.getLong(8))));
        }
        List<TenantRow> shown = rows.subList(0, Math.min(limit, rows.size()));
        return new TenantPage(
                shown,
                shown.size() == rows.size()
                        ? Optional.empty()
                        : Optional.of(shown.getLast().tenant()));
    }

    private static OptionalInt optional(ResultSet found, int column) throws SQLException {
        int value = found.getInt(column);
        return found.wasNull() ? OptionalInt.empty() : OptionalInt.of(value);
    }

    @Override
    public void close() {
        pool.close();
    }
}
