package io.livegraft.gpu.hub;

import com.fasterxml.jackson.databind.JsonNode;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.model.JsonFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** Which of a model's files are a base: configuration, tokenizer, chat template, safetensors; no pickles, no code. */
final class BaseFiles {
    /** Refused when absent. */
    private static final List<String> REQUIRED = List.of("config.json", "tokenizer.json");

    private static final List<String> OPTIONAL = List.of(
            "tokenizer_config.json",
            "special_tokens_map.json",
            "added_tokens.json",
            "chat_template.jinja",
            "generation_config.json");

    private static final String SINGLE = "model.safetensors";
    private static final String INDEX = "model.safetensors.index.json";

    private BaseFiles() {}

    /** Everything but the shards, whose names the index holds. */
    static List<String> first(HubName name, Set<String> files) {
        for (String required : REQUIRED) {
            if (!files.contains(required)) {
                throw refusal(name, required);
            }
        }
        return Stream.concat(REQUIRED.stream(), OPTIONAL.stream().filter(files::contains))
                .toList();
    }

    /** The single weight file, or the index. */
    static String weights(HubName name, Set<String> files) {
        return Optional.of(SINGLE)
                .filter(files::contains)
                .or(() -> Optional.of(INDEX).filter(files::contains))
                .orElseThrow(() -> refusal(name, SINGLE + " or " + INDEX));
    }

    /** Files that a weight file names: the shards of an index, in order. */
    static Set<String> shards(Path weights) {
        Set<String> shards = new TreeSet<>();
        if (weights.endsWith(INDEX)) {
            JsonFile index = JsonFile.read(weights);
            for (JsonNode shard : index.get("weight_map")) {
                if (!shard.asText().matches("[A-Za-z0-9][A-Za-z0-9._-]*\\.safetensors")) {
                    throw index.unexpected("weight_map", "names of safetensors files beside it");
                }
                shards.add(shard.asText());
            }
        }
        return shards;
    }

    /** The first file without which a snapshot is no base; empty when it is whole. */
    static Optional<String> missing(Path snapshot) {
        Optional<String> required = REQUIRED.stream()
                .filter(file -> !Files.exists(snapshot.resolve(file)))
                .findFirst();
        if (required.isPresent() || Files.exists(snapshot.resolve(SINGLE))) {
            return required;
        }
        return Files.exists(snapshot.resolve(INDEX))
                ? shards(snapshot.resolve(INDEX)).stream()
                        .filter(shard -> !Files.exists(snapshot.resolve(shard)))
                        .findFirst()
                : Optional.of(SINGLE);
    }

    private static LivegraftException refusal(HubName name, String file) {
        return new LivegraftException(
                ErrorCode.INVALID_MODEL, "'%s' on the hub has no %s".formatted(name.repository(), file));
    }
}
