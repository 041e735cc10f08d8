package io.livegraft.simulation.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.simulation.feedback.Probe;
import io.livegraft.simulation.run.NodeHttp;
import java.net.URI;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Iterator;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/** The node as its clients see it: HTTP and JSON. Whatever is no answer is UNAVAILABLE, with the node's own words. */
final class NodeClient implements AutoCloseable {
    private static final Duration READY_POLL = Duration.ofMillis(200);

    private final NodeHttp http = new NodeHttp(Duration.ofMinutes(2));
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
        HttpResponse<String> said = http.get(url.resolve("/readyz?verbose"));
        while (said.statusCode() != NodeHttp.OK) {
            if (System.nanoTime() > deadline) {
                throw refused(said.statusCode(), said.body());
            }
            LockSupport.parkNanos(READY_POLL.toNanos());
            said = http.get(url.resolve("/readyz?verbose"));
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
        HttpResponse<Stream<String>> response = http.postLines(url.resolve(path(probe)), body);
        try (Stream<String> lines = response.body()) {
            Iterator<String> events = lines.iterator();
            if (response.statusCode() != NodeHttp.OK) {
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
                JsonNodeFactory.instance.objectNode().put("to", to).put("reason", reason));
    }

    @Override
    public void close() {
        http.close();
    }

    private static String path(Probe probe) {
        return switch (probe) {
            case Probe.Question question -> "/v1/chat/completions";
            case Probe.Opening opening -> "/v1/completions";
        };
    }

    private static ObjectNode body(String model, Probe probe, int maxTokens) {
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        body.put("model", model).put("temperature", 0).put("max_tokens", maxTokens);
        switch (probe) {
            case Probe.Question question ->
                body.putArray("messages").addObject().put("role", "user").put("content", question.text());
            case Probe.Opening opening -> body.put("prompt", opening.text()).put("stop", "\n");
        }
        return body;
    }

    private JsonNode get(String path) {
        return json(http.get(url.resolve(path)));
    }

    private JsonNode post(String path, ObjectNode body) {
        return json(http.post(url.resolve(path), body));
    }

    private static JsonNode json(HttpResponse<String> response) {
        if (response.statusCode() != NodeHttp.OK) {
            throw refused(response.statusCode(), response.body());
        }
        return NodeHttp.parse(response.body());
    }

    private static LivegraftException refused(int status, String body) {
        return new LivegraftException(ErrorCode.UNAVAILABLE, "the node refused with %d: %s".formatted(status, body));
    }
}
