package io.livegraft.simulation.swap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.simulation.run.NodeHttp;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Choices of one answer come interleaved. */
class AnswerReaderTest {
    @Test
    void eachEventGoesToItsOwnChoice() {
        AnswerReader reader = new AnswerReader("a:1");
        take(reader, 1, "x", "-1.5", "null");
        take(reader, 0, "Hi y", "null,-2.5", "\"length\"");
        assertFalse(reader.finished(), "the other choice goes on");
        take(reader, 1, "z", "-3.5", "\"stop\"");
        assertTrue(reader.finished());
        Answer answer = reader.said().answer();
        assertEquals(
                new Answer(List.of(
                        new Answer.Choice("Hi y", "length", List.of(0f, -2.5f)),
                        new Answer.Choice("xz", "stop", List.of(-1.5f, -3.5f)))),
                answer);
        assertEquals(4, answer.tokens());
    }

    private static void take(AnswerReader reader, int index, String text, String logprobs, String finish) {
        reader.take(NodeHttp.parse("""
                {"model":"a:1","system_fingerprint":"fp","choices":[{"index":%d,"text":"%s",
                 "logprobs":{"token_logprobs":[%s]},"finish_reason":%s}]}""".formatted(index, text, logprobs, finish)));
    }
}
