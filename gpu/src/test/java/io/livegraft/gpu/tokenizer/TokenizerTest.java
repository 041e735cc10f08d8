package io.livegraft.gpu.tokenizer;

import static io.livegraft.gpu.Refusals.assertInvalidModel;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.livegraft.gpu.SharedFiles;
import io.livegraft.gpu.model.FamilyTraits;
import io.livegraft.gpu.model.ModelConfig;
import io.livegraft.gpu.model.ModelDirectory;
import io.livegraft.gpu.training.TrainingExample;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenizerTest {
    @TempDir
    Path dir;

    @Test
    void encodesTheStoriesCasesAsTheReferenceDoes() throws IOException {
        Path stories = SharedFiles.require("models/stories260k");
        JsonNode cases = new JsonMapper()
                .readTree(stories.resolve("encode_cases.json").toFile())
                .path("cases");
        assertTrue(cases.size() >= 7);
        try (Tokenizer tokenizer =
                Tokenizer.load(stories, ModelDirectory.open(stories).config())) {
            for (JsonNode vector : cases) {
                String text = vector.path("text").asText();
                int[] ids = vector.path("ids")
                        .valueStream()
                        .mapToInt(JsonNode::asInt)
                        .toArray();
                assertArrayEquals(ids, tokenizer.encode(text), text);
                assertEquals(text, tokenizer.decode(ids));
            }
        }
    }

    @Test
    void decodesTheStoryThatTheReferenceWrote() throws IOException {
        Path stories = SharedFiles.require("models/stories260k");
        JsonNode golden =
                new JsonMapper().readTree(stories.resolve("golden.json").toFile());
        int[] ids = golden.path("greedy_ids")
                .valueStream()
                .mapToInt(JsonNode::asInt)
                .toArray();
        try (Tokenizer tokenizer =
                Tokenizer.load(stories, ModelDirectory.open(stories).config())) {
            assertEquals(golden.path("greedy_text").asText(), tokenizer.decode(ids));
        }
    }

    @Test
    void aBaseWithoutBosBeginsWithItsTextAndAnEmptyTextIsEos() {
        try (Tokenizer withBos = TinyTokenizer.byteLevel(dir);
                Tokenizer without = Tokenizer.load(dir, withoutBos())) {
            int[] ids = withBos.encode("Hi");
            assertArrayEquals(Arrays.copyOfRange(ids, 1, ids.length), without.encode("Hi"));
            assertArrayEquals(new int[] {TinyTokenizer.EOS}, without.encode(""));
        }
    }

    private static ModelConfig withoutBos() {
        return new ModelConfig(
                8,
                8,
                1,
                1,
                1,
                8,
                267,
                64,
                1e-5f,
                1e4,
                FamilyTraits.LLAMA,
                true,
                OptionalInt.empty(),
                List.of(TinyTokenizer.EOS));
    }

    @Test
    void beginsWithBosAndGivesBosAloneForNoText() {
        try (Tokenizer tokenizer = TinyTokenizer.byteLevel(dir)) {
            assertArrayEquals(new int[] {TinyTokenizer.BOS}, tokenizer.encode(""));
            assertArrayEquals(new int[] {TinyTokenizer.BOS, 2 + 'x'}, tokenizer.encode("x"));
        }
    }

    @Test
    void leavesOutBosWhereTheTokenizerSaysSo() throws IOException {
        TinyTokenizer.byteLevel(dir).close();
        Files.writeString(dir.resolve("tokenizer_config.json"), "{\"add_bos_token\": false}");
        try (Tokenizer tokenizer = Tokenizer.load(dir, TinyTokenizer.model(267))) {
            assertArrayEquals(new int[] {2 + 'x'}, tokenizer.encode("x"));
            assertArrayEquals(new int[] {TinyTokenizer.BOS}, tokenizer.encode(""), "never empty");
        }
    }

    @Test
    void beginsAsTheFilesSay() throws IOException {
        String template = """
                {"type": "TemplateProcessing",
                 "single": [{"SpecialToken": {"id": "</s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                            {"SpecialToken": {"id": "<s>", "type_id": 0}}],
                 "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}],
                 "special_tokens": {"</s>": {"id": "</s>", "ids": [1], "tokens": ["</s>"]},
                                    "<s>": {"id": "<s>", "ids": [0], "tokens": ["<s>"]}}}""";
        String byteLevel =
                "{\"type\": \"ByteLevel\", \"add_prefix_space\": false, \"trim_offsets\": false, \"use_regex\": true}";
        String both = "{\"type\": \"Sequence\", \"processors\": [%s, %s]}".formatted(byteLevel, template);
        assertStart("{\"tokenizer_class\": \"PreTrainedTokenizerFast\"}", template, 1);
        assertStart("{\"tokenizer_class\": \"PreTrainedTokenizerFast\"}", both, 1);
        assertStart("{\"tokenizer_class\": \"LlamaTokenizerFast\"}", template, TinyTokenizer.BOS);
        assertStart("{\"tokenizer_class\": \"LlamaTokenizer\", \"add_bos_token\": false}", template);
        assertStart("{\"tokenizer_class\": \"Qwen2Tokenizer\", \"add_bos_token\": false}", byteLevel);
        assertStart("{\"tokenizer_class\": \"GPT2Tokenizer\"}", byteLevel);
        assertStart("{}", template, 1);
        assertStart("{}", "null", TinyTokenizer.BOS);
    }

    private void assertStart(String settings, String processor, int... start) throws IOException {
        TinyTokenizer.byteLevel(dir).close();
        Path file = dir.resolve("tokenizer.json");
        Files.writeString(file, Files.readString(file).replaceFirst("\\{", "{\"post_processor\": " + processor + ","));
        Files.writeString(dir.resolve("tokenizer_config.json"), settings);
        try (Tokenizer tokenizer = Tokenizer.load(dir, TinyTokenizer.model(267))) {
            int[] ids = tokenizer.encode("x");
            assertArrayEquals(start, Arrays.copyOf(ids, ids.length - 1), settings + processor);
            assertEquals(2 + 'x', ids[ids.length - 1]);
            assertEquals(2, tokenizer.encodeScored("x").length, "one token to start from, and the text's");
        }
    }

    @Test
    void textThatSpellsASpecialTokenIsJustText() {
        try (Tokenizer tokenizer = TinyTokenizer.byteLevel(dir)) {
            for (String text : List.of("a</s>b", "<s>", "</s>", "x<|pad|>", "<tool></s><tool>")) {
                int[] ids = tokenizer.encode(text);
                assertTrue(
                        Arrays.stream(ids)
                                .skip(1)
                                .noneMatch(id ->
                                        id == TinyTokenizer.BOS || id == TinyTokenizer.EOS || id == TinyTokenizer.PAD),
                        text + " -> " + Arrays.toString(ids));
                assertEquals(text, tokenizer.decode(ids));
            }
        }
    }

    @Test
    void textThatSpellsASpecialTokenOfRealTokenizersIsJustText() {
        try (Tokenizer llama = RealTokenizers.llama()) {
            int[] ids = llama.encode("Say </s> or <s> or <unk>.");
            assertTrue(Arrays.stream(ids).skip(1).noneMatch(id -> id <= 2), Arrays.toString(ids));
            assertEquals("Say </s> or <s> or <unk>.", llama.decode(ids));
        }
        try (Tokenizer gpt2 = RealTokenizers.gpt2()) {
            int[] ids = gpt2.encode("a<|endoftext|>b");
            assertTrue(Arrays.stream(ids).skip(1).noneMatch(id -> id == 50256), Arrays.toString(ids));
            assertEquals("a<|endoftext|>b", gpt2.decode(ids));
        }
    }

    @Test
    void addedTokensThatAreNotSpecialKeepTheirIds() {
        try (Tokenizer tokenizer = TinyTokenizer.byteLevel(dir)) {
            assertArrayEquals(new int[] {TinyTokenizer.BOS, 2 + 'x', TinyTokenizer.TOOL}, tokenizer.encode("x<tool>"));
            assertEquals("x<tool>", tokenizer.decode(new int[] {2 + 'x', TinyTokenizer.PAD, TinyTokenizer.TOOL}));
        }
    }

    @Test
    void doesNotCutLongText() {
        try (Tokenizer tokenizer = TinyTokenizer.byteLevel(dir)) {
            String text = "hello world ".repeat(1000);
            int[] ids = tokenizer.encode(text);
            assertTrue(ids.length > 3000, "has " + ids.length);
            assertEquals(text, tokenizer.decode(ids));
        }
    }

    @Test
    void survivesTextThatIsNotUnicode() {
        try (Tokenizer tokenizer = TinyTokenizer.byteLevel(dir)) {
            assertEquals("a\uFFFDb", tokenizer.decode(tokenizer.encode("a\uD83Db")));
            assertEquals("\uFFFD", tokenizer.decode(tokenizer.encode("\uDE42")));
            assertEquals("nul \0 and 🙂", tokenizer.decode(tokenizer.encode("nul \0 and 🙂")));
        }
    }

    @Test
    void anExampleCountsFromWhereItPartsFromThePrompt() {
        try (Tokenizer tokenizer = TinyTokenizer.byteLevel(dir)) {
            TrainingExample plain = tokenizer.example("x ", "y");
            assertArrayEquals(
                    new int[] {TinyTokenizer.BOS, 2 + 'x', 2 + ' ', 2 + 'y', TinyTokenizer.EOS}, plain.tokens());
            assertEquals(3, plain.firstTarget());
            // "hel" is he+l alone, but "hello" is one merge: nothing but BOS is common
            TrainingExample merged = tokenizer.example("hel", "lo");
            assertEquals(3, merged.tokens().length);
            assertEquals(1, merged.firstTarget());
        }
    }

    @Test
    void anExampleAlwaysHasATarget() {
        try (Tokenizer tokenizer = TinyTokenizer.byteLevel(dir)) {
            assertEquals(1, tokenizer.example("", "").targetTokens());
            assertEquals(1, tokenizer.example("", "").firstTarget());
            TrainingExample emptyCompletion = tokenizer.example("xy", "");
            assertEquals(3, emptyCompletion.firstTarget(), "only EOS");
            TrainingExample emptyPrompt = tokenizer.example("", "xy");
            assertEquals(1, emptyPrompt.firstTarget());
            assertEquals(3, emptyPrompt.targetTokens());
        }
    }

    @Test
    void unpacksItsLibraryOutsideTheHomeFolder() {
        TinyTokenizer.byteLevel(dir).close();
        Path cache = Path.of(System.getProperty("ENGINE_CACHE_DIR", "absent"));
        assumeTrue(System.getenv("ENGINE_CACHE_DIR") == null, "the environment says where");
        assertTrue(cache.startsWith(System.getProperty("java.io.tmpdir")), cache.toString());
        assertTrue(Files.isDirectory(cache.resolve("tokenizers")), cache.toString());
    }

    @Test
    void namesTheTokenizerItCanNotLoad() throws IOException {
        assertInvalidModel("has no tokenizer.json", () -> Tokenizer.load(dir, TinyTokenizer.model(267)));
        Files.writeString(dir.resolve("tokenizer.json"), "{");
        assertInvalidModel("tokenizer.json is not valid JSON", () -> Tokenizer.load(dir, TinyTokenizer.model(267)));
        Files.writeString(dir.resolve("tokenizer.json"), "{\"model\":{\"type\":\"Unigram\",\"vocab\":[]}}");
        assertInvalidModel("type Unigram, expected BPE", () -> Tokenizer.load(dir, TinyTokenizer.model(267)));
        Files.writeString(
                dir.resolve("tokenizer.json"),
                "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[\"q z\"]}}");
        assertInvalidModel("tokenizer.json can't be loaded", () -> Tokenizer.load(dir, TinyTokenizer.model(267)));
        TinyTokenizer.byteLevel(dir).close();
        assertInvalidModel(
                "has token id 266 but the base's vocab_size is 266",
                () -> Tokenizer.load(dir, TinyTokenizer.model(266)));
    }
}
