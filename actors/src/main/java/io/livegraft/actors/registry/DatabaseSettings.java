package io.livegraft.actors.registry;

import com.typesafe.config.Config;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;

/** Section {@code livegraft.registry.database} of the configuration: where decisions are kept. */
public sealed interface DatabaseSettings {
    /** Connections that may be open at once. */
    int connections();

    /** A file in the state directory, opened by this process. */
    record H2(int connections) implements DatabaseSettings {}

    /** A server, shared by all nodes. */
    record PostgreSql(String url, String user, String password, int connections) implements DatabaseSettings {
        public PostgreSql {
            if (!url.startsWith("jdbc:postgresql:")) {
                throw invalid("url is '%s', expected jdbc:postgresql://HOST:PORT/DATABASE".formatted(url));
            }
        }

        /** Without the password. */
        @Override
        public String toString() {
            return "PostgreSql[url=%s, user=%s, connections=%d]".formatted(url, user, connections);
        }
    }

    static DatabaseSettings from(Config database) {
        int connections = database.getInt("connections");
        if (connections < 1) {
            throw invalid("connections is %d, expected at least 1".formatted(connections));
        }
        String kind = database.getString("kind");
        return switch (kind) {
            case "h2" -> new H2(connections);
            case "postgresql" ->
                new PostgreSql(
                        database.getString("url"),
                        database.getString("user"),
                        database.getString("password"),
                        connections);
            default -> throw invalid("kind is '%s', expected h2 or postgresql".formatted(kind));
        };
    }

    private static LivegraftException invalid(String sentence) {
        return new LivegraftException(ErrorCode.INVALID_CONFIGURATION, "livegraft.registry.database." + sentence);
    }
}
