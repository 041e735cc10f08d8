package io.livegraft.simulation.swap;

import com.fasterxml.jackson.databind.JsonNode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.simulation.run.NodeHttp;
import java.io.UncheckedIOException;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.Iterator;
import java.util.stream.Stream;

/** Asks one question and reads the answer to its end. */
record Client(NodeApi node) {
    private static final String DATA = "data: ";
    private static final String DONE = "[DONE]";

    Exchange ask(String tenant, Wanted wanted, Question question, boolean streamed) {
        Instant sentAt = Instant.now();
        return new Exchange(tenant, wanted, question, streamed, sentAt, ask(wanted.model(tenant), question, streamed));
    }

    Exchange.Outcome ask(String model, Question question, boolean streamed) {
        long sent = System.nanoTime();
        try {
            return outcome(node.ask(question.path(), question.body(model, streamed)), streamed, sent);
        } catch (LivegraftException | UncheckedIOException broken) {
            return new Exchange.Failed(String.valueOf(broken.getMessage()));
        }
    }

    private static Exchange.Outcome outcome(HttpResponse<Stream<String>> response, boolean streamed, long sent) {
        try (Stream<String> lines = response.body()) {
            Iterator<String> body = lines.iterator();
            if (response.statusCode() != NodeHttp.OK) {
                return new Exchange.Failed("%d %s".formatted(response.statusCode(), body.hasNext() ? body.next() : ""));
            }
            AnswerReader answer = new AnswerReader(
                    response.headers().firstValue("x-livegraft-adapter").orElse(""));
            return streamed ? events(answer, body, sent) : whole(answer, body, sent);
        }
    }

    private static Exchange.Outcome whole(AnswerReader answer, Iterator<String> body, long sent) {
        answer.take(NodeHttp.parse(body.next()));
        Duration end = since(sent);
        return new Exchange.Answered(answer.said(), end, end);
    }

    private static Exchange.Outcome events(AnswerReader answer, Iterator<String> lines, long sent) {
        Duration first = Duration.ZERO;
        while (lines.hasNext()) {
            String line = lines.next();
            if (line.equals(DATA + DONE)) {
                return answer.finished()
                        ? new Exchange.Answered(answer.said(), first, since(sent))
                        : new Exchange.Failed("a stream ended before its answer");
            }
            if (line.startsWith(DATA)) {
                JsonNode event = NodeHttp.parse(line.substring(DATA.length()));
                if (event.has("error")) {
                    return new Exchange.Failed(event.toString());
                }
                boolean before = answer.hasToken();
                answer.take(event);
                first = !before && answer.hasToken() ? since(sent) : first;
            }
        }
        return new Exchange.Failed("a stream broke off");
    }

    private static Duration since(long nanos) {
        return Duration.ofNanos(System.nanoTime() - nanos);
    }
}
