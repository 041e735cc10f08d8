package io.livegraft.gpu.tokenizer;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.livegraft.gpu.model.ModelConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Two small tokenizers, one of each kind that the Llama family has, written from scratch. */
final class TinyTokenizer {
    static final int BOS = 0;
    static final int EOS = 1;
    /** Special, not in the BPE vocabulary. */
    static final int PAD = 265;
    /** An added token that is not special. */
    static final int TOOL = 266;

    private static final JsonMapper JSON = new JsonMapper();

    private TinyTokenizer() {}

    static ModelConfig model(int vocabSize) {
        return new ModelConfig(8, 8, 1, 1, 1, 8, vocabSize, 64, 1e-5f, 1e4, true, BOS, List.of(EOS));
    }

    /** As GPT-2 and Llama 3: bytes as printable characters, a few merges. */
    static Tokenizer byteLevel(Path dir) {
        ObjectNode root = JSON.createObjectNode().put("version", "1.0");
        root.putObject("pre_tokenizer")
                .put("type", "ByteLevel")
                .put("add_prefix_space", false)
                .put("trim_offsets", true)
                .put("use_regex", true);
        root.putObject("decoder")
                .put("type", "ByteLevel")
                .put("add_prefix_space", true)
                .put("trim_offsets", true)
                .put("use_regex", true);
        ObjectNode vocab = root.putObject("model").put("type", "BPE").putObject("vocab");
        vocab.put("<s>", BOS).put("</s>", EOS);
        int shifted = 256;
        for (int b = 0; b < 256; b++) {
            boolean printable = (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
            vocab.put(Character.toString(printable ? b : shifted++), 2 + b);
        }
        for (String merge : List.of("h e", "l l", "he ll", "hell o", "Ġ w", "o r", "Ġw or")) {
            root.withObject("/model").withArray("merges").add(merge);
            vocab.put(merge.replaceFirst(" ", ""), vocab.size());
        }
        added(root, BOS, "<s>", true);
        added(root, EOS, "</s>", true);
        added(root, PAD, "<|pad|>", true);
        added(root, TOOL, "<tool>", false);
        return load(dir, root, 267);
    }

    /** As Llama 2: pieces with ▁ for a space, bytes for what has no piece. */
    static Tokenizer byteFallback(Path dir) {
        ObjectNode root = JSON.createObjectNode().put("version", "1.0");
        ObjectNode normalizer = root.putObject("normalizer").put("type", "Sequence");
        normalizer.putArray("normalizers").addObject().put("type", "Prepend").put("prepend", "▁");
        normalizer
                .withArray("normalizers")
                .addObject()
                .put("type", "Replace")
                .put("content", "▁")
                .putObject("pattern")
                .put("String", " ");
        ObjectNode decoder = root.putObject("decoder").put("type", "Sequence");
        decoder.putArray("decoders")
                .addObject()
                .put("type", "Replace")
                .put("content", " ")
                .putObject("pattern")
                .put("String", "▁");
        decoder.withArray("decoders").addObject().put("type", "ByteFallback");
        decoder.withArray("decoders").addObject().put("type", "Fuse");
        decoder.withArray("decoders")
                .addObject()
                .put("type", "Strip")
                .put("content", " ")
                .put("start", 1)
                .put("stop", 0);
        ObjectNode model = root.putObject("model").put("type", "BPE").put("unk_token", "<unk>");
        model.put("fuse_unk", true)
                .put("byte_fallback", true)
                .putArray("merges")
                .add("▁ a");
        ObjectNode vocab = model.putObject("vocab").put("<s>", BOS).put("</s>", EOS);
        for (int b = 0; b < 256; b++) {
            vocab.put("<0x%02X>".formatted(b), 2 + b);
        }
        for (String piece : List.of("<unk>", "▁", "a", "b", "▁a")) {
            vocab.put(piece, vocab.size());
        }
        added(root, BOS, "<s>", true);
        added(root, EOS, "</s>", true);
        return load(dir, root, 263);
    }

    private static void added(ObjectNode root, int id, String content, boolean special) {
        root.withArray("added_tokens")
                .addObject()
                .put("id", id)
                .put("content", content)
                .put("single_word", false)
                .put("lstrip", false)
                .put("rstrip", false)
                .put("normalized", false)
                .put("special", special);
    }

    private static Tokenizer load(Path dir, ObjectNode root, int vocabSize) {
        try {
            Files.createDirectories(dir);
            Files.writeString(dir.resolve("tokenizer.json"), root.toString());
            return Tokenizer.load(dir, model(vocabSize));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
