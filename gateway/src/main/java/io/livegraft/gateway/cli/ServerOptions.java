package io.livegraft.gateway.cli;

import java.net.URI;
import picocli.CommandLine.Option;

/** The node that a command asks. */
final class ServerOptions {
    @Option(names = "--url", paramLabel = "URL", description = "The node's address (default: ${DEFAULT-VALUE}).")
    private URI url = URI.create("http://127.0.0.1:8080");

    @Option(names = "--json", description = "Print the node's answer as one JSON object.")
    private boolean json;

    GatewayClient client() {
        return new GatewayClient(url);
    }

    boolean json() {
        return json;
    }
}
