package io.livegraft.gpu.tokenizer;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
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
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * The base's own tokenizer. Sequences begin with BOS where Hugging Face's AutoTokenizer would put it
 * ({@link SequenceStart}); text never becomes a special token, whatever it spells. May be used from several threads until
 * {@link #close()}.
 */
public final class Tokenizer implements AutoCloseable {
    private static final int REPLACEMENT = 0xFFFD;

    private final HuggingFaceTokenizer library;
    private final Set<Integer> special;
    private final ModelConfig config;
    private final int[] start;
    private final Chat chat;

    private Tokenizer(
            HuggingFaceTokenizer library,
            Set<Integer> special,
            ModelConfig config,
            List<Integer> start,
            Function<Tokenizer, Chat> chat) {
        this.library = library;
        this.special = special;
        this.config = config;
        this.start = start.stream().mapToInt(Integer::intValue).toArray();
        this.chat = chat.apply(this);
    }

    /** Reads {@code tokenizer.json}, and {@code tokenizer_config.json} and {@code chat_template.jinja} where they are. */
    public static Tokenizer load(Path dir, ModelConfig config) {
        Path file = dir.resolve("tokenizer.json");
        if (!Files.isRegularFile(file)) {
            throw new LivegraftException(ErrorCode.INVALID_MODEL, "model directory " + dir + " has no tokenizer.json");
        }
        JsonFile tokenizer = JsonFile.read(file);
        Vocabulary vocabulary = Vocabulary.read(tokenizer, config);
        Optional<JsonFile> settings = Optional.of(dir.resolve("tokenizer_config.json"))
                .filter(Files::isRegularFile)
                .map(JsonFile::read);
        List<Integer> start = SequenceStart.of(tokenizer, settings, config.bosTokenId());
        Optional<String> template = ChatTemplateFile.read(dir, settings);
        SecretNames names = SecretNames.of(vocabulary.secretNames());
        return new Tokenizer(
                library(file, vocabulary.json()), vocabulary.special(), config, start, self -> template.<Chat>map(
                                source ->
                                        TemplateChat.read(dir, source, ChatTemplateFile.tokens(settings), names, self))
                        .orElseGet(() -> new PlainChat(self)));
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
        int[] ids = encodeRendered(text);
        return start.length == 0 && ids.length > 0 ? ids : concatenated(startOfText(), ids);
    }

    /** Ids with BOS first, whatever the base wants: every token of the text can be scored. */
    public int[] encodeScored(String text) {
        return concatenated(startOfText(), encodeRendered(text));
    }

    /** Ids of a text and nothing before them; the secret names of special tokens become those tokens. */
    int[] encodeRendered(String text) {
        // The library's own encode also fetches what nobody asks for (names, spans, masks), which takes longer than the
        // ids do.
        long encoding = TokenizersLibrary.LIB.encode(library.getHandle(), wellFormed(text), false);
        try {
            long[] ids = TokenizersLibrary.LIB.getTokenIds(encoding);
            return Arrays.stream(ids).mapToInt(Math::toIntExact).toArray();
        } finally {
            TokenizersLibrary.LIB.deleteEncoding(encoding);
        }
    }

    private int[] startOfText() {
        return start.length == 0
                ? new int[] {config.bosTokenId().orElse(config.eosTokenIds().getFirst())}
                : start;
    }

    private static int[] concatenated(int[] first, int[] second) {
        return IntStream.concat(Arrays.stream(first), Arrays.stream(second)).toArray();
    }

    /** How this base takes conversations. */
    public Chat chat() {
        return chat;
    }

    boolean endsSequence(int id) {
        return config.eosTokenIds().contains(id);
    }

    int endOfSequence() {
        return config.eosTokenIds().getFirst();
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
        tokens[text.length] = endOfSequence();
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
