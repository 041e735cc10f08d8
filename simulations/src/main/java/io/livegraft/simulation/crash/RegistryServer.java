package io.livegraft.simulation.crash;

import java.util.Map;

/** The PostgreSQL that the nodes of a run share, an empty database in it. */
record RegistryServer(String url, String user, String password) {
    private static final String URL = "LIVEGRAFT_DATABASE_URL";
    private static final String USER = "LIVEGRAFT_DATABASE_USER";
    private static final String PASSWORD = "LIVEGRAFT_DATABASE_PASSWORD";

    /** The one that a node started from here would use. */
    static RegistryServer fromEnvironment() {
        Map<String, String> environment = System.getenv();
        return new RegistryServer(
                environment.getOrDefault(URL, ""),
                environment.getOrDefault(USER, ""),
                environment.getOrDefault(PASSWORD, ""));
    }

    /** Which nodes read. */
    Map<String, String> environment() {
        return Map.of("LIVEGRAFT_DATABASE_KIND", "postgresql", URL, url, USER, user, PASSWORD, password);
    }
}
