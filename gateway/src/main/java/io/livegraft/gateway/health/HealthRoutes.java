package io.livegraft.gateway.health;

import static org.apache.pekko.http.javadsl.server.Directives.complete;
import static org.apache.pekko.http.javadsl.server.Directives.concat;
import static org.apache.pekko.http.javadsl.server.Directives.extractRequest;
import static org.apache.pekko.http.javadsl.server.Directives.get;
import static org.apache.pekko.http.javadsl.server.Directives.path;

import io.livegraft.actors.node.NodeHealth;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.server.Route;

/**
 * {@code /livez}: the process answers. {@code /readyz}, and {@code /healthz} and {@code /health} by their old names:
 * every check of the node is ok; with {@code ?verbose}, or when one is not, each check on a line as Kubernetes writes it.
 */
public final class HealthRoutes {
    private static final int OK = 200;
    private static final int UNAVAILABLE = 503;

    private final NodeHealth health;

    public HealthRoutes(NodeHealth health) {
        this.health = health;
    }

    public Route routes() {
        return concat(
                path("livez", () -> get(() -> complete("ok\n"))),
                path("readyz", () -> get(() -> readiness("readyz"))),
                path("healthz", () -> get(() -> readiness("healthz"))),
                path("health", () -> get(() -> readiness("health"))));
    }

    private Route readiness(String name) {
        return extractRequest(request -> {
            boolean ready = health.ready();
            boolean verbose = request.getUri().query().get("verbose").isPresent();
            String body = ready && !verbose ? "ok\n" : listing(name, ready);
            return complete(
                    HttpResponse.create().withStatus(ready ? OK : UNAVAILABLE).withEntity(body));
        });
    }

    private String listing(String name, boolean ready) {
        var lines = new StringBuilder();
        health.checks().forEach((check, state) -> {
            String line = state.equals("ok") ? "[+]%s ok%n" : "[-]%s failed: %s%n";
            lines.append(line.formatted(check, state));
        });
        return lines.append("%s check %s%n".formatted(name, ready ? "passed" : "failed"))
                .toString();
    }
}
