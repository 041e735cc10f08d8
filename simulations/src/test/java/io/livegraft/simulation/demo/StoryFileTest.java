package io.livegraft.simulation.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.simulation.feedback.CsvColumns;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoryFileTest {
    private static final StorySettings HOUSES = new StorySettings("", "", CsvColumns.DEFAULT, 900, "", 7);
    private static final StorySettings CSV = new StorySettings("", "/data/train.csv", CsvColumns.DEFAULT, 3_000, "", 7);

    @TempDir
    private Path directory = Path.of("");

    @Test
    void aStoryThatWasCutOffIsResumedWithWhatWasSeen() throws IOException {
        try (StoryFile first = StoryFile.open(directory, HOUSES)) {
            assertFalse(first.resumed());
            first.published("harbor", 3);
            first.published("harbor", 2);
            Files.createDirectories(first.node());
            Files.writeString(first.node().resolve("kept"), "log");
        }
        try (StoryFile second = StoryFile.open(directory, HOUSES)) {
            assertTrue(second.resumed());
            assertEquals(Map.of("harbor", 3), second.published());
            assertTrue(Files.exists(second.node().resolve("kept")));
        }
    }

    @Test
    void aStoryThatEndedStartsAfreshAndDeletesOnlyTheNodesFiles() throws IOException {
        try (StoryFile first = StoryFile.open(directory, HOUSES)) {
            Files.createDirectories(first.node().resolve("kafka"));
            Files.writeString(first.node().resolve("kafka/segment"), "log");
            first.published("harbor", 3);
            first.done();
        }
        Files.writeString(directory.resolve("mine.txt"), "notes");
        try (StoryFile second = StoryFile.open(directory, CSV)) {
            assertFalse(second.resumed());
            assertEquals(Map.of(), second.published());
            assertFalse(Files.exists(second.node()));
            assertTrue(Files.exists(directory.resolve("mine.txt")));
        }
    }

    @Test
    void anotherStoryThanTheUnfinishedOneIsRefused() {
        StoryFile.open(directory, HOUSES).close();
        var refused = assertThrows(LivegraftException.class, () -> StoryFile.open(directory, CSV));
        assertEquals(ErrorCode.INVALID_CONFIGURATION, refused.code());
        assertTrue(String.valueOf(refused.getMessage()).contains("/data/train.csv"));
        try (StoryFile still = StoryFile.open(directory, HOUSES)) {
            assertTrue(still.resumed());
        }
    }

    @Test
    void aStoryThatGotNoNodeLeavesRoomForAnother() throws IOException {
        try (StoryFile first = StoryFile.open(directory, HOUSES)) {
            Files.createDirectories(first.node());
            Files.writeString(first.node().resolve("lock"), "");
            first.abandon();
        }
        try (StoryFile second = StoryFile.open(directory, CSV)) {
            assertFalse(second.resumed());
        }
    }

    @Test
    void aDirectoryThatIsNoDemosIsRefusedAndLeftAlone() throws IOException {
        Files.writeString(directory.resolve("thesis.txt"), "years of work");
        var refused = assertThrows(LivegraftException.class, () -> StoryFile.open(directory, HOUSES));
        assertEquals(ErrorCode.INVALID_CONFIGURATION, refused.code());
        assertEquals("years of work", Files.readString(directory.resolve("thesis.txt")));
    }

    @Test
    void twoDemosNeverShareADirectory() {
        try (StoryFile first = StoryFile.open(directory, HOUSES)) {
            var refused = assertThrows(LivegraftException.class, () -> StoryFile.open(directory, HOUSES));
            assertEquals(ErrorCode.CONFLICT, refused.code());
            assertFalse(first.resumed());
        }
    }

    @Test
    void aBrokenStoryFileIsOneClearError() throws IOException {
        Files.writeString(directory.resolve("story.json"), "{\"stage\":");
        var refused = assertThrows(LivegraftException.class, () -> StoryFile.open(directory, HOUSES));
        assertEquals(ErrorCode.INVALID_CONFIGURATION, refused.code());
    }
}
