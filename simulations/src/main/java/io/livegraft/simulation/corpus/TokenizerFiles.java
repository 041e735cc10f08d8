package io.livegraft.simulation.corpus;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** A vocabulary in the form of Hugging Face's {@code tokenizer.json} and {@code tokenizer_config.json}. */
record TokenizerFiles(BytePairVocabulary vocabulary) {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    ObjectNode tokenizer() {
        ObjectNode root = JSON.objectNode();
        root.put("version", "1.0");
        root.putNull("truncation");
        root.putNull("padding");
        root.set("added_tokens", addedTokens());
        root.putNull("normalizer");
        root.set("pre_tokenizer", byteLevel());
        root.set("post_processor", beginningOfSequence());
        root.set("decoder", byteLevel());
        root.set("model", model());
        return root;
    }

    ObjectNode tokenizerConfig() {
        ObjectNode root = JSON.objectNode();
        root.put("tokenizer_class", "PreTrainedTokenizerFast");
        root.put("model_max_length", BaseConfig.POSITIONS);
        root.put("add_bos_token", true);
        root.put("add_eos_token", false);
        root.put("bos_token", CorpusWriter.BOS);
        root.put("eos_token", CorpusWriter.EOS);
        root.put("clean_up_tokenization_spaces", false);
        return root;
    }

    private static ArrayNode addedTokens() {
        ArrayNode tokens = JSON.arrayNode();
        for (String special : new String[] {CorpusWriter.BOS, CorpusWriter.EOS}) {
            ObjectNode token = tokens.addObject();
            token.put("id", tokens.size() - 1);
            token.put("content", special);
            token.put("single_word", false);
            token.put("lstrip", false);
            token.put("rstrip", false);
            token.put("normalized", false);
            token.put("special", true);
        }
        return tokens;
    }

    private static ObjectNode byteLevel() {
        ObjectNode node = JSON.objectNode();
        node.put("type", "ByteLevel");
        node.put("add_prefix_space", false);
        node.put("trim_offsets", true);
        node.put("use_regex", true);
        return node;
    }

    private static ObjectNode beginningOfSequence() {
        ObjectNode node = JSON.objectNode();
        node.put("type", "TemplateProcessing");
        ArrayNode single = node.putArray("single");
        single.addObject().putObject("SpecialToken").put("id", CorpusWriter.BOS).put("type_id", 0);
        single.addObject().putObject("Sequence").put("id", "A").put("type_id", 0);
        ArrayNode pair = node.putArray("pair");
        pair.addAll(single.deepCopy());
        pair.addObject().putObject("Sequence").put("id", "B").put("type_id", 0);
        ObjectNode bos = node.putObject("special_tokens").putObject(CorpusWriter.BOS);
        bos.put("id", CorpusWriter.BOS);
        bos.putArray("ids").add(0);
        bos.putArray("tokens").add(CorpusWriter.BOS);
        return node;
    }

    private ObjectNode model() {
        ObjectNode model = JSON.objectNode();
        model.put("type", "BPE");
        model.putNull("dropout");
        model.putNull("unk_token");
        model.putNull("continuing_subword_prefix");
        model.putNull("end_of_word_suffix");
        model.put("fuse_unk", false);
        model.put("byte_fallback", false);
        ObjectNode ids = model.putObject("vocab");
        for (String token : vocabulary.tokens()) {
            ids.put(token, ids.size());
        }
        ArrayNode merges = model.putArray("merges");
        vocabulary.merges().forEach(merge -> merges.add(merge.left() + " " + merge.right()));
        return model;
    }
}
