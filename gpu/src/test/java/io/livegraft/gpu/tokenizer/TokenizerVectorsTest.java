package io.livegraft.gpu.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.livegraft.gpu.SharedFiles;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Every case of shared/vectors/tokenizers whose tokenizer is there: GPT-2's and Llama's, ids and texts as transformers has them. */
class TokenizerVectorsTest {
    private static final String INCOMPLETE = "\uFFFD";

    @Test
    void agreesOnManyLanguages() throws IOException {
        JsonNode inputs = vectors("inputs.json");
        assertEquals(83, inputs.size());
        try (Tokenizer llama = RealTokenizers.llama();
                Tokenizer gpt2 = RealTokenizers.gpt2()) {
            JsonNode ofLlama = vectors("tinyllama_multilingual.json").path("entries");
            JsonNode ofGpt2 = vectors("gpt2_multilingual.json").path("entries");
            for (int i = 0; i < inputs.size(); i++) {
                String text = inputs.path(i).path("text").asText();
                String id = inputs.path(i).path("id").asText();
                for (JsonNode expected : List.of(ofLlama.path(i), ofGpt2.path(i))) {
                    assertEquals(id, expected.path("id").asText());
                }
                check(
                        llama,
                        text,
                        ofLlama.path(i).path("input_ids"),
                        ofLlama.path(i).path("decoded_skip_special"));
                check(
                        gpt2,
                        text,
                        ofGpt2.path(i).path("input_ids"),
                        ofGpt2.path(i).path("decoded_skip_special"));
            }
        }
    }

    @Test
    void agreesOnTheLongText() throws IOException {
        try (Tokenizer llama = RealTokenizers.llama();
                Tokenizer gpt2 = RealTokenizers.gpt2()) {
            JsonNode ofLlama = vectors("main/llama_encoded.json");
            check(llama, ofLlama.path("text").asText(), ofLlama.path("token_ids"), ofLlama.path("text"));
            JsonNode ofGpt2 = vectors("main/gpt2_encoded_tokens.json");
            check(gpt2, ofGpt2.path("text").asText(), ofGpt2.path("token_ids"), ofGpt2.path("decoded_text"));
        }
    }

    @Test
    void agreesOnTheCasesOfModelsThatShareThem() throws IOException {
        JsonNode cases = vectors("main/tokenizer_tests.json");
        try (Tokenizer llama = RealTokenizers.llama();
                Tokenizer gpt2 = RealTokenizers.gpt2()) {
            for (JsonNode one : cases.path("coreml-projects/Llama-2-7b-chat-coreml")) {
                check(
                        llama,
                        one.path("input").asText(),
                        one.at("/encoded/input_ids"),
                        one.path("decoded_without_special"));
            }
            for (JsonNode one : cases.path("distilgpt2")) {
                assertArrayEquals(
                        ids(one.at("/encoded/input_ids")),
                        gpt2.encode(one.path("input").asText()));
                assertEquals(
                        one.path("decoded_without_special").asText(),
                        cleanedUp(gpt2.decode(ids(one.at("/encoded/input_ids")))));
            }
        }
    }

    /** Transformers' clean_up_tokenization_spaces, which changes what was written and so is not the product's. */
    private static String cleanedUp(String text) {
        String cleaned = text;
        for (String mark : List.of(".", "?", "!", ",", "n't", "'m", "'s", "'ve", "'re")) {
            cleaned = cleaned.replace(" " + mark, mark);
        }
        return cleaned.replace(" ' ", "'");
    }

    private static void check(Tokenizer tokenizer, String text, JsonNode ids, JsonNode decoded) {
        assertArrayEquals(ids(ids), tokenizer.encode(text), text);
        assertEquals(decoded.asText(), tokenizer.decode(ids(ids)));
        assertFalse(decoded.asText().contains(INCOMPLETE), text);
        TokenDecoder decoder = tokenizer.decoder();
        StringBuilder streamed = new StringBuilder();
        for (int id : ids(ids)) {
            String piece = decoder.push(id);
            assertFalse(piece.contains(INCOMPLETE), "half a character in '%s' of '%s'".formatted(piece, text));
            streamed.append(piece);
        }
        assertEquals(decoded.asText(), streamed.append(decoder.flush()).toString());
    }

    private static int[] ids(JsonNode ids) {
        return ids.valueStream().mapToInt(JsonNode::asInt).toArray();
    }

    private static JsonNode vectors(String file) throws IOException {
        return new JsonMapper()
                .readTree(SharedFiles.require("vectors/tokenizers/multilingual/" + file)
                        .toFile());
    }
}
