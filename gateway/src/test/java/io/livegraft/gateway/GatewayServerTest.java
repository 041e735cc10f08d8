package io.livegraft.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.livegraft.gpu.backend.NumericProfile;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What holds for all routes, and the routes that are too small for a test of their own. */
class GatewayServerTest {
    private final TestingGateway gateway = new TestingGateway();

    @AfterEach
    void stop() {
        gateway.close();
    }

    @Test
    void aPortThatIsTakenIsRefused() {
        var settings = TestingGateway.settings(gateway.address().getPort());
        var services = new GatewayServices(
                gateway.node,
                gateway.node,
                gateway.node,
                gateway.node,
                gateway.node,
                gateway.node,
                new PrometheusRegistry(),
                "tiny",
                "digest",
                NumericProfile.INVARIANT);
        var refusal =
                assertThrows(LivegraftException.class, () -> GatewayServer.start(gateway.system(), services, settings));
        assertEquals(ErrorCode.PORT_IN_USE, refusal.code());
        assertTrue(String.valueOf(refusal.getMessage()).contains(String.valueOf(settings.port())));
        var early = assertThrows(LivegraftException.class, () -> GatewayServer.requireFreePort(settings));
        assertEquals(ErrorCode.PORT_IN_USE, early.code());
    }

    @Test
    void aStreamThatHasBegunEndsBeforeTheServerDoes() throws Exception {
        var request = HttpRequest.newBuilder(gateway.address().resolve("/v1/completions"))
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString("{\"model\":\"dripping\",\"prompt\":\"\",\"stream\":true}"))
                .build();
        var begun = new CompletableFuture<Boolean>();
        var answer = gateway.client.sendAsync(request, response -> {
            begun.complete(true);
            return BodyHandlers.ofString().apply(response);
        });
        begun.get(30, TimeUnit.SECONDS);
        gateway.stopServer();
        String events = answer.get(30, TimeUnit.SECONDS).body();
        assertTrue(events.endsWith("data: [DONE]\n\n"), events);
        assertTrue(events.contains("\"text\":\"f\""), events);
    }

    @Test
    void anUnknownRouteIsAnErrorObject() {
        assertError(404, "route_not_found", gateway.get("/v2/nothing"));
        assertError(404, "route_not_found", gateway.get("/"));
    }

    @Test
    void theWrongMethodIsToldTheRightOne() {
        JsonNode error = assertError(405, "method_not_allowed", gateway.get("/v1/completions"));
        assertTrue(error.path("message").asText().contains("POST"));
    }

    @Test
    void theWrongContentTypeIsRefused() {
        var request = HttpRequest.newBuilder()
                .POST(BodyPublishers.ofString("model=support"))
                .header("Content-Type", "application/x-www-form-urlencoded");
        assertError(415, "unsupported_media_type", gateway.send(request, "/v1/completions"));
    }

    @Test
    void brokenJsonIsToldWhere() {
        JsonNode error = assertError(
                400,
                "invalid_request",
                gateway.post("/v1/completions", "{\"model\":\"support\",\n \"prompt\" \"Hi\"}"));
        assertTrue(error.path("message").asText().contains("line 2, column"), error.toString());
        assertError(400, "invalid_request", gateway.post("/v1/completions", "{\"model\":1,\"model\":2}"));
        assertError(400, "invalid_request", gateway.post("/v1/completions", "{} {}"));
        assertError(400, "invalid_request", gateway.post("/v1/completions", ""));
    }

    @Test
    void aBodyOverTheLimitIsRefused() {
        JsonNode error = assertError(
                413, "body_too_large", gateway.post("/v1/completions", "{\"prompt\":\"" + "x".repeat(4_000) + "\"}"));
        assertTrue(error.path("message").asText().contains("2048"));
    }

    @Test
    void livenessAsksNobodyAndReadinessTellsWhatIsMissing() {
        assertEquals("ok\n", gateway.get("/readyz").body());
        assertEquals(
                "[+]engine ok\n[+]kafka ok\nreadyz check passed\n",
                gateway.get("/readyz?verbose").body());
        gateway.node.ready = false;
        assertEquals(200, gateway.get("/livez").statusCode());
        for (String path : new String[] {"readyz", "healthz", "health"}) {
            HttpResponse<String> response = gateway.get("/" + path);
            assertEquals(503, response.statusCode());
            assertTrue(response.body().contains("[-]kafka failed: no broker at 127.0.0.1:9092\n"), response.body());
        }
    }

    @Test
    void metricsAreInPrometheusTextFormat() {
        HttpResponse<String> response = gateway.get("/metrics");
        assertEquals(200, response.statusCode());
        assertTrue(response.headers().firstValue("content-type").orElse("").contains("version=0.0.4"));
        assertTrue(response.body().contains("livegraft_swaps_total 1.0"), response.body());
    }

    private static JsonNode assertError(int status, String code, HttpResponse<String> response) {
        assertEquals(status, response.statusCode(), response.body());
        JsonNode error = TestingGateway.json(response).path("error");
        assertEquals(code, error.path("code").asText(), response.body());
        return error;
    }
}
