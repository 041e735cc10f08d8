package io.livegraft.simulation.demo;

import com.fasterxml.jackson.databind.JsonNode;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.simulation.run.NodeHttp;
import java.util.Iterator;

/**
 * A stream of events read to its end.
 *
 * @param label the version that its header names
 * @param ofOneVersion whether every event named that version
 * @param firstTokenMillis when the first event with text, or with the end of an empty answer, arrived
 */
record StreamedAnswer(String label, boolean ofOneVersion, long firstTokenMillis) {
    private static final String DATA = "data: ";
    private static final String DONE = "[DONE]";

    /** Reads server-sent events; a stream that reports an error or stops early is UNAVAILABLE. */
    static StreamedAnswer read(String label, Iterator<String> lines) {
        boolean ofOneVersion = true;
        long firstToken = Long.MAX_VALUE;
        while (lines.hasNext()) {
            String line = lines.next();
            if (!line.startsWith(DATA)) {
                continue;
            }
            String data = line.substring(DATA.length());
            if (data.equals(DONE)) {
                return new StreamedAnswer(label, ofOneVersion, Math.min(firstToken, System.currentTimeMillis()));
            }
            JsonNode event = NodeHttp.parse(data);
            if (event.has("error")) {
                throw new LivegraftException(ErrorCode.UNAVAILABLE, "a stream ended with " + data);
            }
            ofOneVersion &= event.path("model").asText().equals(label);
            if (hasToken(event.path("choices").path(0))) {
                firstToken = Math.min(firstToken, System.currentTimeMillis());
            }
        }
        throw new LivegraftException(ErrorCode.UNAVAILABLE, "a stream by %s broke off".formatted(label));
    }

    private static boolean hasToken(JsonNode choice) {
        return !choice.path("delta").path("content").asText().isEmpty()
                || !choice.path("text").asText().isEmpty()
                || choice.path("finish_reason").isTextual();
    }

    /** The number after the tenant's name. */
    int version() {
        return Integer.parseInt(label.substring(label.lastIndexOf(':') + 1));
    }
}
