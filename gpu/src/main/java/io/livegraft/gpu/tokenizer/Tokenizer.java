package io.livegraft.gpu.tokenizer;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.model.JsonFile;
import io.livegraft.gpu.model.ModelConfig;
import io.livegraft.gpu.training.TrainingExample;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * The base's own tokenizer. Sequences begin with BOS unless {@code tokenizer_config.json} says {@code "add_bos_token":
 * false}; text never becomes a special token, whatever it spells. May be used from several threads until {@link #close()}.
 */
public final class Tokenizer implements AutoCloseable {
    private static final int REPLACEMENT = 0xFFFD;

    private final HuggingFaceTokenizer library;
    private final Set<Integer> special;
    private final ModelConfig config;
    private final boolean addBos;

    private Tokenizer(HuggingFaceTokenizer library, Set<Integer> special, ModelConfig config, boolean addBos) {
        this.library = library;
        this.special = special;
        this.config = config;
        this.addBos = addBos;
    }

    /** Reads {@code tokenizer.json} and {@code tokenizer_config.json}; the second may be absent. */
    public static Tokenizer load(Path dir, ModelConfig config) {
        Path file = dir.resolve("tokenizer.json");
        if (!Files.isRegularFile(file)) {
            throw new LivegraftException(ErrorCode.INVALID_MODEL, "model directory " + dir + " has no tokenizer.json");
        }
        Vocabulary vocabulary = Vocabulary.read(JsonFile.read(file), config);
        Path settings = dir.resolve("tokenizer_config.json");
        boolean addBos =
                !Files.isRegularFile(settings) || JsonFile.read(settings).flag("add_bos_token", true);
        return new Tokenizer(library(file, vocabulary.json()), vocabulary.special(), config, addBos);
    }

    private static HuggingFaceTokenizer library(Path file, String json) {
        NativeLibrary.prepare();
        Map<String, String> options = Map.of( // its defaults cut off at 512 ids
                "truncation", "false", "padding", "false", "addSpecialTokens", "false", "modelMaxLength", "1000000000");
        try {
            return HuggingFaceTokenizer.newInstance(
                    new ByteArrayInputStream(json.getBytes(StandardCharsets.UTF_8)), options);
        } catch (IOException | RuntimeException e) {
            throw new LivegraftException(
                    ErrorCode.INVALID_MODEL, "%s can't be loaded: %s".formatted(file, e.getMessage()), e);
        }
    }

    /** Ids with BOS first where the base wants it; never empty: what has no ids of its own gives BOS (or EOS) alone. */
    public int[] encode(String text) {
        long[] ids = library.encode(wellFormed(text), false, false).getIds();
        IntStream first = ids.length == 0
                ? IntStream.of(config.bosTokenId().orElse(config.eosTokenIds().getFirst()))
                : addBos ? config.bosTokenId().stream() : IntStream.empty();
        return IntStream.concat(first, Arrays.stream(ids).mapToInt(Math::toIntExact))
                .toArray();
    }

    /** The text without special tokens; bytes that make no character become U+FFFD. */
    public String decode(int[] ids) {
        TokenDecoder decoder = decoder();
        StringBuilder text = new StringBuilder();
        for (int id : ids) {
            text.append(decoder.push(id));
        }
        return text.append(decoder.flush()).toString();
    }

    /** Streaming {@link #decode}: the pieces together are the same text. */
    public TokenDecoder decoder() {
        return decoderAfter(new int[0]);
    }

    /**
     * For what follows these ids: a decoder of its own takes the space before a first word for the mark of a beginning and
     * drops it, this one keeps it.
     */
    public TokenDecoder decoderAfter(int[] prompt) {
        return new TokenDecoder(ids -> library.decode(ids, false), special::contains, prompt);
    }

    /**
     * Prompt, completion and EOS as one sequence. The loss counts from where its ids part from the prompt's own, since a
     * merge may reach over the seam.
     */
    public TrainingExample example(String prompt, String completion) {
        int[] text = encode(prompt + completion);
        int[] tokens = Arrays.copyOf(text, text.length + 1);
        tokens[text.length] = config.eosTokenIds().getFirst();
        int[] promptTokens = encode(prompt);
        int parting = Arrays.mismatch(promptTokens, tokens);
        return new TrainingExample(tokens, Math.clamp(parting, 1, text.length));
    }

    /** A lone surrogate is no character and can't be UTF-8. */
    private static String wellFormed(String text) {
        if (text.codePoints().noneMatch(Tokenizer::isSurrogate)) {
            return text;
        }
        int[] points = text.codePoints()
                .map(point -> isSurrogate(point) ? REPLACEMENT : point)
                .toArray();
        return new String(points, 0, points.length);
    }

    private static boolean isSurrogate(int point) {
        return point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE;
    }

    @Override
    public void close() {
        library.close();
    }
}
