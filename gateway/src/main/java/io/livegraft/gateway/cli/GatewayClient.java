package io.livegraft.gateway.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.livegraft.gateway.error.ErrorTable;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Map;

/** Asks a running node over HTTP; its refusals come back as the exceptions they began as. */
final class GatewayClient {
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
    private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(60);
    private static final int FIRST_ERROR_STATUS = 400;
    private static final ObjectMapper JSON = JsonMapper.builder().build();

    private final URI url;

    GatewayClient(URI url) {
        this.url = url;
    }

    JsonNode get(String path) {
        return send(HttpRequest.newBuilder().GET(), path, Map.of());
    }

    JsonNode post(String path, JsonNode body, Map<String, String> headers) {
        var request = HttpRequest.newBuilder()
                .POST(BodyPublishers.ofString(body.toString()))
                .header("Content-Type", "application/json");
        return send(request, path, headers);
    }

    private JsonNode send(HttpRequest.Builder request, String path, Map<String, String> headers) {
        headers.forEach(request::header);
        try (HttpClient client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(CONNECT_TIMEOUT)
                .build()) {
            request.uri(url.resolve(path)).timeout(REQUEST_TIMEOUT);
            return answer(client.send(request.build(), BodyHandlers.ofString()));
        } catch (IOException unreachable) {
            throw new LivegraftException(
                    ErrorCode.UNAVAILABLE,
                    "no answer from %s (%s): is a node running there?".formatted(url, unreachable),
                    unreachable);
        } catch (IllegalArgumentException unusable) {
            throw new LivegraftException(
                    ErrorCode.INVALID_CONFIGURATION,
                    "--url is %s, expected one like http://127.0.0.1:8080".formatted(url),
                    unusable);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new LivegraftException(ErrorCode.UNAVAILABLE, "interrupted", interrupted);
        }
    }

    private JsonNode answer(HttpResponse<String> response) throws IOException {
        JsonNode body = parse(response);
        if (response.statusCode() < FIRST_ERROR_STATUS) {
            return body;
        }
        JsonNode error = body.path("error");
        ErrorCode code = ErrorTable.byWireCode(error.path("code").asText()).orElse(ErrorCode.INVALID_REQUEST);
        throw new LivegraftException(
                code, error.path("message").asText("%s answered %d".formatted(url, response.statusCode())));
    }

    private JsonNode parse(HttpResponse<String> response) throws IOException {
        try {
            return JSON.readTree(response.body());
        } catch (JsonProcessingException foreign) {
            throw new IOException("status %d without JSON".formatted(response.statusCode()), foreign);
        }
    }
}
