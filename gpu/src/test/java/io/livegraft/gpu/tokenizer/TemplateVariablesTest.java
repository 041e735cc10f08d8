package io.livegraft.gpu.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.livegraft.gpu.jinja.JinjaTemplate;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tools and calls of them, through templates of the families' kinds, against Jinja2 (resources/templates/SOURCE.txt). */
class TemplateVariablesTest {
    private static final JsonMapper JSON = new JsonMapper();
    private static final ChatMessage USER = new ChatMessage("user", " Hi ");

    @ParameterizedTest
    @ValueSource(strings = {"llama3", "qwen2.5", "qwen3"})
    void aTemplateIsGivenToolsAndCallsAsTransformersGivesThem(String family) throws IOException {
        var call = new ToolCall("call_1", "size", object("""
            {"of": "a \\"b\\"", "n": 2, "deep": {"x": [1.5, null, true]}}"""));
        var calls = new ChatMessage("assistant", "", List.of(call), Optional.empty(), Optional.empty());
        var result = new ChatMessage("tool", "42", List.of(), Optional.of("call_1"), Optional.empty());
        ObjectNode tool = object("""
            {"type": "function", "function": {"name": "size", "description": "größe", "parameters": {"type": "object",
             "properties": {"of": {"type": "string"}, "n": {"type": "integer"}}, "required": ["of"]}}}""");
        var variables = TemplateVariables.of(new Conversation(List.of(USER, calls, result), List.of(tool)), true);
        variables.put("bos_token", "<s>");
        String rendered = JinjaTemplate.parse(resource(family + ".jinja"), UnaryOperator.identity())
                .render(variables, Instant.EPOCH);
        assertEquals(
                JSON.readTree(resource("expected.json"))
                        .path(family)
                        .path("call")
                        .asText(),
                rendered);
    }

    @Test
    void aMessageHasNoMoreThanItWasGiven() {
        var message = new ChatMessage("tool", "42", List.of(), Optional.of("call_1"), Optional.of("size"));
        assertEquals(
                Map.of(
                        "add_generation_prompt",
                        false,
                        "messages",
                        List.of(
                                Map.of("role", "user", "content", " Hi "),
                                Map.of("role", "tool", "content", "42", "tool_call_id", "call_1", "name", "size"))),
                TemplateVariables.of(new Conversation(List.of(USER, message)), false));
    }

    private static ObjectNode object(String json) throws IOException {
        return (ObjectNode) JSON.readTree(json);
    }

    private static String resource(String name) throws IOException {
        try (InputStream in =
                Objects.requireNonNull(TemplateVariablesTest.class.getResourceAsStream("/templates/" + name), name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
