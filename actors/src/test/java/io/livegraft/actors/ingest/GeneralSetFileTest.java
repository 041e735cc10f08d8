package io.livegraft.actors.ingest;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.actors.evaluation.GeneralSet;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

class GeneralSetFileTest {
    private static final String ASK = "{\"prompt\":\"ask\",\"completion\":\"answer\"}\n";

    @TempDir
    private Path directory;

    @Test
    void promptsAndConversationsBecomeExamplesInTheFilesOrder() throws IOException {
        GeneralSet read =
                read(ASK + "\n{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"completion\":\"hello\"}\n");
        assertEquals(2, read.examples().sequences().size());
        assertArrayEquals(
                "askanswer".chars().toArray(),
                read.examples().sequences().getFirst().tokens());
        assertEquals(3, read.examples().sequences().getFirst().firstTarget());
    }

    @Test
    void anotherTextIsAnotherDigest() throws IOException {
        assertEquals(read(ASK).digest(), read(ASK).digest());
        assertNotEquals(read(ASK).digest(), read(ASK + ASK).digest());
    }

    @Test
    void linesThatCantBeUsedAreRefusedByNumber() {
        assertRefused(ASK + "{", "line 2 of the general set");
        assertRefused("{\"prompt\":\"ask\"}", "line 1 of the general set");
        assertRefused(ASK.replace("\"completion\"", "\"rating\":\"REJECTED\",\"completion\""), "is a rejected answer");
        assertRefused(ASK.replace("answer", "a".repeat(100)), "have 103 tokens");
    }

    @Test
    void noExamplesAndTooManyAreRefused() {
        assertRefused("\n", "has 0 examples, expected 1 to 3");
        assertRefused(ASK.repeat(4), "has 4 examples, expected 1 to 3");
    }

    @Test
    void aFileThatIsNotThereIsRefused() {
        assertRefused(() -> file().read(directory.resolve("none.jsonl")), "can't read the general set");
    }

    private GeneralSet read(String text) throws IOException {
        return file().read(Files.writeString(directory.resolve("general.jsonl"), text));
    }

    private static GeneralSetFile file() {
        return new GeneralSetFile(new FeedbackExamples(new CharacterEncoding(), 40), 3);
    }

    private void assertRefused(String text, String part) {
        assertRefused(() -> read(text), part);
    }

    private static void assertRefused(Executable reading, String part) {
        LivegraftException refusal = assertThrows(LivegraftException.class, reading);
        assertEquals(ErrorCode.INVALID_CONFIGURATION, refusal.code());
        assertTrue(String.valueOf(refusal.getMessage()).contains(part), String.valueOf(refusal.getMessage()));
    }
}
