package io.livegraft.gateway;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.typesafe.config.ConfigFactory;
import io.livegraft.gpu.backend.NumericProfile;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/** The gateway on a free port over a {@link TestingNode}, and a client of it. */
final class TestingGateway implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();

    final TestingNode node = new TestingNode();
    final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final ActorSystem<Void> system = ActorSystem.create(Behaviors.empty(), "gateway-test");
    private final GatewayServer server;

    TestingGateway() {
        var metrics = new PrometheusRegistry();
        Counter.builder()
                .name("livegraft_swaps")
                .help("Swaps")
                .register(metrics)
                .inc();
        server = GatewayServer.start(
                system,
                new GatewayServices(
                        node,
                        node,
                        node,
                        node,
                        node,
                        node,
                        metrics,
                        TestingNode.BASE,
                        TestingNode.BASE_DIGEST,
                        NumericProfile.FAST),
                settings(0));
    }

    static GatewaySettings settings(int port) {
        return GatewaySettings.from(ConfigFactory.parseString(
                        "livegraft.gateway { port = %d, max-body-bytes = 2048, max-feedback-batch = 3, drain-timeout = 5s }"
                                .formatted(port))
                .withFallback(ConfigFactory.load()));
    }

    ActorSystem<Void> system() {
        return system;
    }

    void stopServer() {
        server.close();
    }

    URI address() {
        return server.address();
    }

    HttpResponse<String> get(String path) {
        return send(HttpRequest.newBuilder().GET(), path);
    }

    HttpResponse<String> post(String path, String body, String... headers) {
        var request =
                HttpRequest.newBuilder().POST(BodyPublishers.ofString(body)).header("Content-Type", "application/json");
        if (headers.length > 0) {
            request.headers(headers);
        }
        return send(request, path);
    }

    HttpResponse<String> send(HttpRequest.Builder request, String path) {
        try {
            return client.send(
                    request.uri(address().resolve(path))
                            .timeout(Duration.ofSeconds(30))
                            .build(),
                    BodyHandlers.ofString());
        } catch (IOException | InterruptedException failed) {
            throw new AssertionError(failed);
        }
    }

    static JsonNode json(String text) {
        try {
            return JSON.readTree(text);
        } catch (IOException broken) {
            throw new AssertionError("not JSON: " + text, broken);
        }
    }

    static JsonNode json(HttpResponse<String> response) {
        return json(response.body());
    }

    @Override
    public void close() {
        client.shutdownNow();
        server.close();
        system.terminate();
    }
}
