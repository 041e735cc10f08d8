package io.livegraft.simulation.corpus;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;

/** Writes the corpus and the files that a base trained on it starts from. */
final class CorpusWriter {
    static final int VOCABULARY = 1024;
    static final String BOS = "<s>";
    static final String EOS = "</s>";

    private final ObjectMapper json = new ObjectMapper();
    private final Path directory;

    CorpusWriter(Path directory) {
        this.directory = directory;
    }

    /** SHA-256 of {@code corpus.jsonl} and {@code tokenizer.json} in hex, and the number of records. */
    record Written(int conversations, String corpusDigest, String tokenizerDigest) {}

    Written write(ConversationGenerator generator, int conversations) {
        BytePairTrainer trainer = new BytePairTrainer(List.of(BOS, EOS));
        StringBuilder lines = new StringBuilder();
        Set<String> seen = new HashSet<>();
        for (long index = 0; seen.size() < conversations; index++) {
            Conversation conversation = generator.conversation(index);
            if (seen.add(conversation.prompt() + conversation.completion())) {
                trainer.add(conversation.prompt());
                trainer.add(conversation.completion());
                lines.append(line(conversation)).append('\n');
            }
        }
        try {
            Files.createDirectories(directory);
            String corpusDigest = put("corpus.jsonl", lines.toString());
            TokenizerFiles files = new TokenizerFiles(trainer.train(VOCABULARY));
            String tokenizerDigest = put("tokenizer.json", pretty(files.tokenizer()));
            put("tokenizer_config.json", pretty(files.tokenizerConfig()));
            put("config.json", pretty(BaseConfig.json()));
            return new Written(conversations, corpusDigest, tokenizerDigest);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String line(Conversation conversation) throws UncheckedIOException {
        ObjectNode record = json.createObjectNode();
        record.put("prompt", conversation.prompt());
        record.put("completion", conversation.completion());
        return record.toString();
    }

    private String pretty(ObjectNode node) throws IOException {
        return json.writerWithDefaultPrettyPrinter().writeValueAsString(node).replace("\r\n", "\n") + "\n";
    }

    private String put(String name, String content) throws IOException {
        byte[] bytes = content.getBytes(StandardCharsets.UTF_8);
        Files.write(directory.resolve(name), bytes);
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
