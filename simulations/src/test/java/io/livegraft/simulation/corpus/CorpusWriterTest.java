package io.livegraft.simulation.corpus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CorpusWriterTest {
    private static final int CONVERSATIONS = 2000;
    private static final ObjectMapper JSON = new ObjectMapper();

    @Test
    void theSameSeedGivesTheSameBytes(@TempDir Path first, @TempDir Path second) throws IOException {
        assertEquals(write(first, 7), write(second, 7));
        for (String file : List.of("corpus.jsonl", "tokenizer.json", "tokenizer_config.json", "config.json")) {
            assertEquals(-1, Files.mismatch(first.resolve(file), second.resolve(file)), file);
        }
    }

    @Test
    void anotherSeedGivesAnotherCorpus(@TempDir Path first, @TempDir Path second) {
        assertNotEquals(write(first, 7).corpusDigest(), write(second, 8).corpusDigest());
    }

    @Test
    void everyLineIsOneDistinctRecord(@TempDir Path directory) throws IOException {
        write(directory, 7);
        Set<JsonNode> records = new HashSet<>();
        for (String line : Files.readAllLines(directory.resolve("corpus.jsonl"))) {
            JsonNode record = JSON.readTree(line);
            List<String> fields = new ArrayList<>();
            record.fieldNames().forEachRemaining(fields::add);
            assertEquals(List.of("prompt", "completion"), fields);
            records.add(record);
        }
        assertEquals(CONVERSATIONS, records.size());
    }

    @Test
    void theTokenizerFileNumbersSpecialTokensThenBytesThenMerges(@TempDir Path directory) throws IOException {
        write(directory, 7);
        JsonNode tokenizer = JSON.readTree(directory.resolve("tokenizer.json").toFile());
        JsonNode vocabulary = tokenizer.at("/model/vocab");
        assertEquals(1024, vocabulary.size());
        assertEquals(0, vocabulary.get("<s>").asInt());
        assertEquals(1, vocabulary.get("</s>").asInt());
        JsonNode merges = tokenizer.at("/model/merges");
        assertEquals(1024 - 2 - 256, merges.size());
        for (int i = 0; i < merges.size(); i++) {
            String joined = merges.get(i).asText().replace(" ", "");
            assertEquals(258 + i, vocabulary.get(joined).asInt(), joined);
        }
        JsonNode config = JSON.readTree(directory.resolve("config.json").toFile());
        assertEquals(1024, config.get("vocab_size").asInt());
    }

    private static CorpusWriter.Written write(Path directory, long seed) {
        return new CorpusWriter(directory).write(new ConversationGenerator(Grammar.bundled(), seed), CONVERSATIONS);
    }
}
