package io.livegraft.gpu.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.model.JsonFile;
import io.livegraft.gpu.model.ModelConfig;
import java.util.BitSet;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Set;
import java.util.UUID;

/**
 * A {@code tokenizer.json} in which text can't spell a special token. The library turns the text of every added token into
 * its id wherever it meets it, so that a user who writes {@code </s>} would end the sequence; its switch against that is
 * not reachable from Java. So special tokens lose their spelling before the library sees the file: one that the BPE
 * vocabulary holds is no longer an added token (no merge leads to it), any other keeps its id under a secret name.
 *
 * @param json what the library loads
 * @param special ids that {@code json} marks as special, and the ones that begin and end a sequence
 */
record Vocabulary(String json, Set<Integer> special) {
    static Vocabulary read(JsonFile tokenizer, ModelConfig config) {
        JsonNode vocab = tokenizer.get("model").path("vocab");
        if (!vocab.isObject() || !tokenizer.get("model").path("merges").isArray()) {
            throw new LivegraftException(
                    ErrorCode.INVALID_MODEL,
                    "%s has a model of type %s, expected BPE with vocab and merges"
                            .formatted(
                                    tokenizer.file(),
                                    tokenizer.get("model").path("type").asText("(none)")));
        }
        Set<Integer> special = new HashSet<>(config.eosTokenIds());
        config.bosTokenId().ifPresent(special::add);
        ObjectNode root = tokenizer.root().deepCopy();
        String secret = UUID.randomUUID().toString();
        BitSet ids = new BitSet();
        vocab.forEach(id -> ids.set(id.asInt()));
        if (root.path("added_tokens") instanceof ArrayNode added) {
            for (Iterator<JsonNode> tokens = added.iterator(); tokens.hasNext(); ) {
                JsonNode token = tokens.next();
                int id = token.path("id").asInt();
                if (!token.path("special").asBoolean() && !special.contains(id)) {
                    ids.set(id);
                    continue;
                }
                special.add(id);
                if (vocab.has(token.path("content").asText())) {
                    tokens.remove();
                } else if (token instanceof ObjectNode renamed) {
                    renamed.put("content", "special-" + id + "-" + secret);
                }
            }
        }
        requireRoom(tokenizer, ids, config);
        return new Vocabulary(root.toString(), Set.copyOf(special));
    }

    private static void requireRoom(JsonFile tokenizer, BitSet ids, ModelConfig config) {
        if (ids.length() > config.vocabSize()) {
            throw new LivegraftException(
                    ErrorCode.INVALID_MODEL,
                    "%s has token id %d but the base's vocab_size is %d"
                            .formatted(tokenizer.file(), ids.length() - 1, config.vocabSize()));
        }
    }
}
