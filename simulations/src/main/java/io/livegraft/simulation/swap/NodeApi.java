package io.livegraft.simulation.swap;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.stream.Stream;

/** The node under test as clients and operators reach it. What is no answer is UNAVAILABLE. */
final class NodeApi implements AutoCloseable {
    static final int OK = 200;

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final URI admin;

    /** {@code admin} is the node's admin interface. */
    NodeApi(URI admin) {
        this.admin = admin;
    }

    /** A tenant's versions and its latest decisions; missing where the node does not know it. */
    JsonNode adapter(String tenant) {
        HttpResponse<String> response =
                send(request(admin + "/adapters/" + tenant).GET(), BodyHandlers.ofString());
        return response.statusCode() == OK ? parse(response.body()) : JSON.missingNode();
    }

    /** The adapter after a change, or the error object of its refusal. */
    JsonNode change(String tenant, String verb, ObjectNode body) {
        HttpRequest.Builder request = request("%s/adapters/%s:%s".formatted(admin, tenant, verb))
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(body.toString()));
        return parse(send(request, BodyHandlers.ofString()).body());
    }

    /** Asks for an answer of a model; the caller closes the body's lines. */
    HttpResponse<Stream<String>> ask(String path, ObjectNode body) {
        return send(
                request(admin.resolve(path).toString())
                        .header("Content-Type", "application/json")
                        .POST(BodyPublishers.ofString(body.toString())),
                BodyHandlers.ofLines());
    }

    /** The node's metrics in the text format of Prometheus. */
    Stream<String> metrics() {
        return send(request(admin.resolve("/metrics").toString()).GET(), BodyHandlers.ofLines())
                .body();
    }

    static ObjectNode object() {
        return JSON.createObjectNode();
    }

    static JsonNode parse(String text) {
        try {
            return JSON.readTree(text);
        } catch (JsonProcessingException broken) {
            throw new LivegraftException(ErrorCode.UNAVAILABLE, "the node sent no JSON: " + text, broken);
        }
    }

    private static HttpRequest.Builder request(String uri) {
        return HttpRequest.newBuilder(URI.create(uri)).timeout(PATIENCE);
    }

    private <T> HttpResponse<T> send(HttpRequest.Builder builder, BodyHandler<T> reading) {
        HttpRequest request = builder.build();
        try {
            return http.send(request, reading);
        } catch (IOException broken) {
            throw new LivegraftException(
                    ErrorCode.UNAVAILABLE, "%s does not answer: %s".formatted(request.uri(), broken), broken);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new LivegraftException(
                    ErrorCode.UNAVAILABLE, "interrupted while waiting for " + request.uri(), interrupted);
        }
    }

    @Override
    public void close() {
        http.shutdownNow();
    }
}
