package io.livegraft.simulation.feedback;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.proto.feedback.FeedbackRecord;
import io.livegraft.simulation.SharedFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CsvFeedbackTest {
    @TempDir
    private Path directory = Path.of("");

    @Test
    void textAndCategoryBecomePromptAndCompletion() throws IOException {
        Path file = write("text,category\n\"Is it here, yet?\",card_arrival\nb,x\nc,y\n");
        List<FeedbackRecord> events = feedback(file).tenants(0).stream()
                .flatMap(tenant -> tenant.events().stream())
                .toList();
        assertEquals(3, events.size());
        FeedbackRecord card = events.stream()
                .filter(event -> event.getPrompt().startsWith("Is"))
                .findFirst()
                .orElseThrow();
        assertEquals("Is it here, yet?\nIntent:", card.getPrompt());
        assertEquals(" card arrival\n", card.getCompletion());
        assertEquals(FeedbackRecord.LabelCase.LABEL_NOT_SET, card.getLabelCase());
    }

    @Test
    void otherColumnsCanBeNamed() throws IOException {
        Path file = write("answer,note,question\nyes,-,a?\nno,-,b?\nyes,-,c?\n");
        var tenants = new CsvFeedback(file, new CsvColumns("question", "answer"), 7).tenants(0);
        assertTrue(tenants.getFirst().events().getFirst().getPrompt().endsWith("?\nIntent:"));
    }

    @Test
    void rowsAreShuffledBySeedAndDealtInTurn() throws IOException {
        StringBuilder rows = new StringBuilder("text,category\n");
        for (int i = 0; i < 100; i++) {
            rows.append("t").append(i).append(",c").append(i / 10).append('\n');
        }
        Path file = write(rows.toString());
        List<TenantFeedback> tenants = feedback(file).tenants(31);
        assertEquals(
                List.of(11, 10, 10),
                tenants.stream().map(t -> t.events().size()).toList());
        assertEquals(tenants, feedback(file).tenants(31));
        Set<String> categories = new HashSet<>();
        tenants.forEach(tenant -> tenant.events().forEach(event -> categories.add(event.getCompletion())));
        assertTrue(categories.size() > 7, "31 of 100 sorted rows hold " + categories);
        assertTrue(tenants.getFirst().events().getFirst().getEventId().equals("demo-harbor-0"));
    }

    @Test
    void aMissingFileColumnOrRowIsOneClearError() throws IOException {
        refusal(directory.resolve("absent.csv"), 0, "absent.csv");
        refusal(write("text,label\na,b\n"), 0, "no column 'category'; its columns are text, label");
        refusal(write("text,category\na,b\nc,d\ne,f\n"), 4, "3 rows");
        refusal(write("text,category\na\n"), 0, "record 1");
        refusal(write("text,category\na,\"b\n"), 0, "CSV");
        refusal(write(""), 0, "no column");
    }

    @Test
    void banking77GivesThousandsOfEvents() {
        Path file = SharedFiles.require("data/banking77/train.csv");
        List<TenantFeedback> tenants = feedback(file).tenants(3_000);
        assertEquals(
                List.of(1_000, 1_000, 1_000),
                tenants.stream().map(t -> t.events().size()).toList());
        Set<String> categories = new HashSet<>();
        tenants.forEach(tenant -> tenant.events().forEach(event -> categories.add(event.getCompletion())));
        assertEquals(77, categories.size());
        assertEquals(
                10_003,
                feedback(file).tenants(0).stream()
                        .mapToInt(t -> t.events().size())
                        .sum());
    }

    private void refusal(Path file, int rows, String expected) {
        var refused =
                assertThrows(LivegraftException.class, () -> feedback(file).tenants(rows));
        assertEquals(ErrorCode.INVALID_REQUEST, refused.code());
        assertTrue(String.valueOf(refused.getMessage()).contains(expected), refused.getMessage());
    }

    private static CsvFeedback feedback(Path file) {
        return new CsvFeedback(file, CsvColumns.DEFAULT, 7);
    }

    private Path write(String text) throws IOException {
        return Files.writeString(Files.createTempFile(directory, "rows", ".csv"), text);
    }
}
