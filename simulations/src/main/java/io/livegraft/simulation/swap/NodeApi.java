package io.livegraft.simulation.swap;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.livegraft.simulation.run.NodeHttp;
import java.net.URI;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.stream.Stream;

/** The node under test as clients and operators reach it. What is no answer is UNAVAILABLE. */
final class NodeApi implements AutoCloseable {
    private final NodeHttp http = new NodeHttp(Duration.ofSeconds(60));
    private final URI admin;

    /** {@code admin} is the node's admin interface. */
    NodeApi(URI admin) {
        this.admin = admin;
    }

    /** A tenant's versions and its latest decisions; missing where the node does not know it. */
    JsonNode adapter(String tenant) {
        HttpResponse<String> response = http.get(URI.create(admin + "/adapters/" + tenant));
        return response.statusCode() == NodeHttp.OK ? NodeHttp.parse(response.body()) : MissingNode.getInstance();
    }

    /** The adapter after a change, or the error object of its refusal. */
    JsonNode change(String tenant, String verb, ObjectNode body) {
        URI uri = URI.create("%s/adapters/%s:%s".formatted(admin, tenant, verb));
        return NodeHttp.parse(http.post(uri, body).body());
    }

    /** Asks for an answer of a model; the caller closes the body's lines. */
    HttpResponse<Stream<String>> ask(String path, ObjectNode body) {
        return http.postLines(admin.resolve(path), body);
    }

    /** The node's metrics in the text format of Prometheus. */
    Stream<String> metrics() {
        return http.getLines(admin.resolve("/metrics")).body();
    }

    static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }

    @Override
    public void close() {
        http.close();
    }
}
