package io.livegraft.simulation.run;

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

/** HTTP and JSON with a node under test. Silence, and what is no JSON, is UNAVAILABLE; a refusal is an answer. */
public final class NodeHttp implements AutoCloseable {
    public static final int OK = 200;

    private static final ObjectMapper JSON = new ObjectMapper();

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final Duration patience;

    /** {@code patience} is how long a node may take to begin its answer. */
    public NodeHttp(Duration patience) {
        this.patience = patience;
    }

    public HttpResponse<String> get(URI uri) {
        return send(request(uri).GET(), BodyHandlers.ofString());
    }

    /** The caller closes the body's lines. */
    public HttpResponse<Stream<String>> getLines(URI uri) {
        return send(request(uri).GET(), BodyHandlers.ofLines());
    }

    public HttpResponse<String> post(URI uri, ObjectNode body) {
        return send(posting(uri, body), BodyHandlers.ofString());
    }

    /** The caller closes the body's lines. */
    public HttpResponse<Stream<String>> postLines(URI uri, ObjectNode body) {
        return send(posting(uri, body), BodyHandlers.ofLines());
    }

    public static JsonNode parse(String text) {
        try {
            return JSON.readTree(text);
        } catch (JsonProcessingException broken) {
            throw new LivegraftException(ErrorCode.UNAVAILABLE, "the node sent no JSON: " + text, broken);
        }
    }

    private HttpRequest.Builder posting(URI uri, ObjectNode body) {
        return request(uri).header("Content-Type", "application/json").POST(BodyPublishers.ofString(body.toString()));
    }

    private HttpRequest.Builder request(URI uri) {
        return HttpRequest.newBuilder(uri).timeout(patience);
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
