package io.livegraft.gateway.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.quality.Sample;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QualityRowsTest {
    @TempDir
    private Path directory;

    @Test
    void ofACsvFileTheLargestCategoriesAreTakenAndUnderscoresBecomeSpaces() throws IOException {
        Path file = write(
                "f.csv", "text,category\n\"Where, is it?\",card_arrival\nA,rare\nB,fees\nC,card_arrival\nD,fees\n");
        assertEquals(
                List.of(
                        new Sample("Where, is it?\nIntent:", " card arrival\n"),
                        new Sample("B\nIntent:", " fees\n"),
                        new Sample("C\nIntent:", " card arrival\n"),
                        new Sample("D\nIntent:", " fees\n")),
                QualityRows.read(file, 2));
    }

    @Test
    void jsonLinesAreTakenAsTheyAre() throws IOException {
        Path file = write(
                "f.jsonl", "{\"prompt\":\"a\",\"completion\":\" b\"}\n\n{\"prompt\":\"c\",\"completion\":\" d\"}\n");
        assertEquals(List.of(new Sample("a", " b"), new Sample("c", " d")), QualityRows.read(file, 2));
    }

    @Test
    void whatIsWrongInAFileIsNamed() throws IOException {
        assertRefused(
                write("a.jsonl", "{\"prompt\":\"a\"}\n"), "row 1 needs the strings \"prompt\" and \"completion\"");
        assertRefused(write("b.jsonl", "no\n"), "row 1 is not JSON");
        assertRefused(
                write("c.csv", "question,answer\nx,y\n"),
                "the columns are [question, answer], expected text and category");
        assertRefused(directory.resolve("none.csv"), "can't read");
    }

    private static void assertRefused(Path file, String why) {
        LivegraftException refusal = assertThrows(LivegraftException.class, () -> QualityRows.read(file, 8));
        assertTrue(refusal.toString().contains(why), refusal.toString());
    }

    private Path write(String name, String text) throws IOException {
        return Files.writeString(directory.resolve(name), text);
    }
}
