package io.livegraft.gpu.model;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** {@code generation_config.json}: chat models name there the tokens that end a turn, beside those of the config. */
final class GenerationConfigFile {
    static final String NAME = "generation_config.json";

    private GenerationConfigFile() {}

    /**
     * The config's own end tokens, then those of this file where it is.
     *
     * @param vocab ids must be below it
     */
    static List<Integer> endTokens(Path config, List<Integer> own, int vocab) {
        Path file = config.resolveSibling(NAME);
        if (!Files.isRegularFile(file)) {
            return own;
        }
        JsonFile json = JsonFile.read(file);
        JsonNode node = json.get("eos_token_id");
        Set<Integer> ids = new LinkedHashSet<>(own);
        for (JsonNode id : node.isNumber() ? List.of(node) : node) {
            if (!id.isIntegralNumber() || id.longValue() < 0 || id.longValue() >= vocab) {
                throw json.unexpected("eos_token_id", "token ids from 0 to " + (vocab - 1));
            }
            ids.add(id.intValue());
        }
        return new ArrayList<>(ids);
    }
}
