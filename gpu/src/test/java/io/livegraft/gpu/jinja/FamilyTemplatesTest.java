package io.livegraft.gpu.jinja;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Templates of the families' kinds against what Jinja2 makes of them (resources/templates/SOURCE.txt). */
class FamilyTemplatesTest {
    private static final Map<String, String> SYSTEM = message("system", "Be brief.");
    private static final Map<String, String> USER = message("user", " Hi ");
    private static final Map<String, String> ANSWER = message("assistant", "Hello");
    private static final Map<String, String> WHY = message("user", "Why?");

    @ParameterizedTest
    @ValueSource(strings = {"llama2", "llama3", "mistral", "qwen2.5", "qwen3", "smollm2", "zephyr"})
    void rendersAsJinja2Does(String family) throws IOException {
        JsonNode expected = new JsonMapper().readTree(resource("expected.json")).path(family);
        assertEquals(expected.path("system").asText(), render(family, List.of(SYSTEM, USER)));
        assertEquals(expected.path("turns").asText(), render(family, List.of(USER, ANSWER, WHY)));
        assertEquals(expected.path("tool").asText(), render(family, List.of(USER, ANSWER, WHY, message("tool", "42"))));
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama2", "mistral"})
    void refusesTurnsOutOfOrderInTheTemplatesWords(String family) throws IOException {
        String refusal = render(family, List.of(USER, USER));
        assertEquals(0, refusal.indexOf("raised: "), refusal);
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama3", "qwen2.5"})
    void describesToolsAsPythonWritesJson(String family) throws IOException {
        Map<String, Object> tool = new LinkedHashMap<>();
        tool.put("name", "größe");
        tool.put("n", List.of(1, true));
        String text = render(family, List.of(USER), Map.of("tools", List.of(tool)));
        String json = family.equals("llama3")
                ? "{\n    \"name\": \"größe\",\n    \"n\": [\n        1,\n        true\n    ]\n}"
                : "{\"name\": \"größe\", \"n\": [1, true]}";
        assertEquals(1, text.split(Pattern.quote(json), -1).length - 1, text);
    }

    private static Map<String, String> message(String role, String content) {
        return Map.of("role", role, "content", content);
    }

    private static String render(String family, List<Map<String, String>> messages) throws IOException {
        return render(family, messages, Map.of());
    }

    private static String render(String family, List<Map<String, String>> messages, Map<String, Object> more)
            throws IOException {
        Map<String, Object> variables = new HashMap<>(more);
        variables.put("messages", new ArrayList<>(messages));
        variables.put("add_generation_prompt", true);
        variables.put("bos_token", "<s>");
        variables.put("eos_token", "</s>");
        try {
            return JinjaTemplate.parse(resource(family + ".jinja"), UnaryOperator.identity())
                    .render(variables, Instant.EPOCH);
        } catch (TemplateException refusal) {
            return "raised: " + refusal.getMessage();
        }
    }

    private static String resource(String name) throws IOException {
        try (InputStream in =
                Objects.requireNonNull(FamilyTemplatesTest.class.getResourceAsStream("/templates/" + name), name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
