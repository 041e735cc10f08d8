package io.livegraft.simulation.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.error.LivegraftException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class StreamedAnswerTest {
    @Test
    void anAnswerOfOneVersionIsReadToItsEnd() {
        StreamedAnswer answer = read(chunk("harbor:7", "Ahoy"), chunk("harbor:7", "!"), "data: [DONE]");
        assertEquals("harbor:7", answer.label());
        assertEquals(7, answer.version());
        assertTrue(answer.ofOneVersion());
    }

    @Test
    void aChunkOfAnotherVersionShows() {
        assertFalse(read(chunk("harbor:7", "Ahoy"), chunk("harbor:8", "!"), "data: [DONE]")
                .ofOneVersion());
    }

    @Test
    void aStreamThatBreaksOffOrTellsOfAnErrorIsAFailure() {
        assertThrows(LivegraftException.class, () -> read(chunk("harbor:7", "Ahoy")));
        assertThrows(LivegraftException.class, () -> read("data: {\"error\":{\"message\":\"gone\"}}", "data: [DONE]"));
    }

    private static StreamedAnswer read(String... lines) {
        return StreamedAnswer.read(
                "harbor:7",
                Stream.of(lines).flatMap(line -> Stream.of(line, "")).iterator());
    }

    private static String chunk(String model, String text) {
        return "data: {\"model\":\"%s\",\"choices\":[{\"delta\":{\"content\":\"%s\"}}]}".formatted(model, text);
    }
}
