package io.livegraft.gpu.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.model.JsonFile;
import io.livegraft.gpu.model.ModelConfig;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/**
 * A {@code tokenizer.json} in which text can't spell a special token. The library turns the text of every added token into
 * its id wherever it meets it, so that a user who writes {@code </s>} would end the sequence; its switch against that is
 * not reachable from Java. So special tokens get secret names before the library sees the file; who knows the names, the
 * chat template alone, can still write them.
 *
 * @param json what the library loads
 * @param special ids that {@code json} marks as special, and the ones that begin and end a sequence
 * @param secretNames by what the token is called in the file
 */
record Vocabulary(String json, Set<Integer> special, Map<String, String> secretNames) {
    /** Renames within the file's own tree, which has the secret names from then on. */
    static Vocabulary read(JsonFile tokenizer, ModelConfig config) {
        if (!(tokenizer.get("model").path("vocab") instanceof ObjectNode)
                || !tokenizer.get("model").path("merges").isArray()) {
            throw new LivegraftException(
                    ErrorCode.INVALID_MODEL,
                    "%s has a model of type %s, expected BPE with vocab and merges"
                            .formatted(
                                    tokenizer.file(),
                                    tokenizer.get("model").path("type").asText("(none)")));
        }
        Set<Integer> special = new HashSet<>(config.eosTokenIds());
        config.bosTokenId().ifPresent(special::add);
        ObjectNode root = tokenizer.root();
        requireRoom(tokenizer, root, config);
        Map<String, String> secretNames = rename(root, special);
        return new Vocabulary(root.toString(), Set.copyOf(special), Map.copyOf(secretNames));
    }

    private static void requireRoom(JsonFile tokenizer, ObjectNode root, ModelConfig config) {
        BitSet ids = new BitSet();
        root.at("/model/vocab").forEach(id -> ids.set(id.asInt()));
        for (JsonNode token : root.path("added_tokens")) {
            if (!token.path("special").asBoolean()) {
                ids.set(token.path("id").asInt());
            }
        }
        if (ids.length() > config.vocabSize()) {
            throw new LivegraftException(
                    ErrorCode.INVALID_MODEL,
                    "%s has token id %d but the base's vocab_size is %d"
                            .formatted(tokenizer.file(), ids.length() - 1, config.vocabSize()));
        }
    }

    private static Map<String, String> rename(ObjectNode root, Set<Integer> special) {
        Map<String, String> names = new HashMap<>();
        String secret = UUID.randomUUID().toString();
        if (root.path("added_tokens") instanceof ArrayNode added) {
            Set<String> merged = merged(root.at("/model/merges"), added);
            for (Iterator<JsonNode> tokens = added.iterator(); tokens.hasNext(); ) {
                JsonNode token = tokens.next();
                int id = token.path("id").asInt();
                if (!token.path("special").asBoolean() && !special.contains(id)) {
                    continue;
                }
                special.add(id);
                String content = token.path("content").asText();
                if (merged.contains(content)) {
                    tokens.remove(); // merges need its name; without the mark, text reaches it as any other piece
                } else if (token instanceof ObjectNode renamed) {
                    String name = "special-" + id + "-" + secret;
                    names.put(content, name);
                    renamed.put("content", name).put("normalized", false);
                    renameInModel(root.withObject("/model"), content, name);
                }
            }
        }
        return names;
    }

    private static void renameInModel(ObjectNode model, String content, String name) {
        ObjectNode vocab = model.withObject("/vocab");
        if (vocab.has(content)) {
            vocab.set(name, vocab.remove(content));
        }
        if (model.path("unk_token").asText().equals(content)) {
            model.put("unk_token", name);
        }
    }

    /** What merges lead to of the added tokens; each is written {@code "a b"} or {@code ["a", "b"]}. */
    private static Set<String> merged(JsonNode merges, ArrayNode added) {
        Set<String> wanted = new HashSet<>();
        BitSet lengths = new BitSet(); // most merges lead to something longer or shorter
        for (JsonNode token : added) {
            String content = token.path("content").asText();
            wanted.add(content);
            lengths.set(content.length());
        }
        Set<String> products = new HashSet<>();
        for (JsonNode merge : merges) {
            String written = merge.isArray()
                    ? merge.path(0).asText() + " " + merge.path(1).asText()
                    : merge.asText();
            int space = written.indexOf(' ');
            if (space >= 0 && lengths.get(written.length() - 1)) {
                products.add(written.substring(0, space) + written.substring(space + 1));
            }
        }
        products.retainAll(wanted);
        return products;
    }
}
