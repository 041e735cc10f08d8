package io.livegraft.gpu.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.model.JsonFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Where Hugging Face keeps chat templates: {@code chat_template.jinja}, else field {@code chat_template} of
 * {@code tokenizer_config.json}, one template or a list of named ones of which {@code default} counts.
 */
final class ChatTemplateFile {
    private static final String FILE = "chat_template.jinja";
    /** Names of special tokens that templates know as variables. */
    private static final List<String> TOKENS = List.of("bos_token", "eos_token", "unk_token", "pad_token");

    private ChatTemplateFile() {}

    static Optional<String> read(Path dir, Optional<JsonFile> settings) {
        Path file = dir.resolve(FILE);
        try {
            return Files.isRegularFile(file)
                    ? Optional.of(Files.readString(file))
                    : settings.flatMap(json -> template(json.get("chat_template")));
        } catch (IOException e) {
            throw new LivegraftException(
                    ErrorCode.INVALID_MODEL, "%s can't be read: %s".formatted(file, e.getMessage()), e);
        }
    }

    private static Optional<String> template(JsonNode field) {
        if (field.isTextual()) {
            return Optional.of(field.textValue());
        }
        return field.valueStream()
                .filter(named -> named.path("name").asText().equals("default"))
                .map(named -> named.path("template").asText())
                .findFirst();
    }

    /** The variables {@code bos_token}, {@code eos_token} and so on; each is a text, or an object with its content. */
    static Map<String, String> tokens(Optional<JsonFile> settings) {
        Map<String, String> tokens = new LinkedHashMap<>();
        for (String name : TOKENS) {
            settings.map(json -> json.get(name))
                    .map(token -> token.isObject() ? token.path("content") : token)
                    .filter(JsonNode::isTextual)
                    .ifPresent(token -> tokens.put(name, token.textValue()));
        }
        return tokens;
    }
}
