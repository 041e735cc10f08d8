package io.livegraft.simulation.demo;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.simulation.feedback.Probe;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Iterator;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/** The node as its clients see it: HTTP and JSON. Whatever is no answer is UNAVAILABLE, with the node's own words. */
final class NodeClient implements AutoCloseable {
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
    private static final Duration REQUEST_TIMEOUT = Duration.ofMinutes(2);
    private static final Duration READY_POLL = Duration.ofMillis(200);
    private static final int OK = 200;
    private static final ObjectMapper JSON = JsonMapper.builder().build();

    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT_TIMEOUT)
            .build();
    private final URI url;

    NodeClient(URI url) {
        this.url = url;
    }

    /**
     * An answer at temperature 0.
     *
     * @param label the version that made it
     */
    record Answer(String label, String text) {}

    /** Waits until the node says that it is ready. */
    void awaitReady(Duration patience) {
        long deadline = System.nanoTime() + patience.toNanos();
        HttpResponse<String> said = send(request("/readyz?verbose").GET(), BodyHandlers.ofString());
        while (said.statusCode() != OK) {
            if (System.nanoTime() > deadline) {
                throw refused(said.statusCode(), said.body());
            }
            LockSupport.parkNanos(READY_POLL.toNanos());
            said = send(request("/readyz?verbose").GET(), BodyHandlers.ofString());
        }
    }

    /** The id of the base: the model that is nobody's. */
    String base() {
        for (JsonNode model : get("/v1/models").path("data")) {
            if (model.path("parent").isMissingNode() || model.path("parent").isNull()) {
                return model.path("id").asText();
            }
        }
        throw new LivegraftException(ErrorCode.UNAVAILABLE, url + "/v1/models lists no base");
    }

    Map<String, TenantState> adapters() {
        Map<String, TenantState> states = new TreeMap<>();
        get("/admin/v1/adapters").path("adapters").forEach(row -> {
            TenantState state = TenantState.of(
                    get("/admin/v1/adapters/" + row.path("tenant").asText()));
            states.put(state.tenant(), state);
        });
        return states;
    }

    Map<String, TrainingState> training() {
        Map<String, TrainingState> states = new TreeMap<>();
        get("/admin/v1/training").path("trainers").forEach(trainer -> {
            TrainingState state = TrainingState.of(trainer);
            states.put(state.tenant(), state);
        });
        return states;
    }

    /** Asks for the whole answer at once. */
    Answer ask(String model, Probe probe) {
        JsonNode answer = post(path(probe), body(model, probe, probe.maxTokens()));
        JsonNode choice = answer.path("choices").path(0);
        String text = choice.has("message")
                ? choice.path("message").path("content").asText()
                : choice.path("text").asText();
        return new Answer(answer.path("model").asText(), text);
    }

    /** Asks for a stream of events and reads it to its end. */
    StreamedAnswer stream(String model, Probe probe, int maxTokens) {
        ObjectNode body = body(model, probe, maxTokens).put("stream", true);
        HttpResponse<Stream<String>> response = send(posting(path(probe), body), BodyHandlers.ofLines());
        try (Stream<String> lines = response.body()) {
            Iterator<String> events = lines.iterator();
            if (response.statusCode() != OK) {
                throw refused(response.statusCode(), events.hasNext() ? events.next() : "");
            }
            String label = response.headers().firstValue("x-livegraft-adapter").orElse("");
            return StreamedAnswer.read(label, events);
        }
    }

    /** {@code verb} is rollback, promote or resume; {@code to} is ignored by resume. */
    void change(String tenant, String verb, int to, String reason) {
        post(
                "/admin/v1/adapters/%s:%s".formatted(tenant, verb),
                JSON.createObjectNode().put("to", to).put("reason", reason));
    }

    @Override
    public void close() {
        http.shutdownNow();
    }

    private static String path(Probe probe) {
        return switch (probe) {
            case Probe.Question question -> "/v1/chat/completions";
            case Probe.Opening opening -> "/v1/completions";
        };
    }

    private static ObjectNode body(String model, Probe probe, int maxTokens) {
        ObjectNode body = JSON.createObjectNode();
        body.put("model", model).put("temperature", 0).put("max_tokens", maxTokens);
        switch (probe) {
            case Probe.Question question ->
                body.putArray("messages").addObject().put("role", "user").put("content", question.text());
            case Probe.Opening opening -> body.put("prompt", opening.text()).put("stop", "\n");
        }
        return body;
    }

    private JsonNode get(String path) {
        return json(send(request(path).GET(), BodyHandlers.ofString()));
    }

    private JsonNode post(String path, ObjectNode body) {
        return json(send(posting(path, body), BodyHandlers.ofString()));
    }

    private HttpRequest.Builder posting(String path, ObjectNode body) {
        return request(path).header("Content-Type", "application/json").POST(BodyPublishers.ofString(body.toString()));
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(url.resolve(path)).timeout(REQUEST_TIMEOUT);
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

    private static JsonNode json(HttpResponse<String> response) {
        if (response.statusCode() != OK) {
            throw refused(response.statusCode(), response.body());
        }
        return parse(response.body());
    }

    static JsonNode parse(String text) {
        try {
            return JSON.readTree(text);
        } catch (JsonProcessingException broken) {
            throw new LivegraftException(ErrorCode.UNAVAILABLE, "the node sent no JSON: " + text, broken);
        }
    }

    private static LivegraftException refused(int status, String body) {
        return new LivegraftException(ErrorCode.UNAVAILABLE, "the node refused with %d: %s".formatted(status, body));
    }
}
