package io.livegraft.gpu.tokenizer;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A conversation as transformers' {@code apply_chat_template} names its parts to a template: {@code messages} with their
 * {@code tool_calls}, whose arguments are objects, {@code tool_call_id} and {@code name}; {@code tools} where there are any.
 */
final class TemplateVariables {
    private static final JsonMapper JSON = new JsonMapper();
    private static final TypeReference<LinkedHashMap<String, Object>> OBJECT = new TypeReference<>() {};

    private TemplateVariables() {}

    static Map<String, Object> of(Conversation conversation, boolean answerFollows) {
        Map<String, Object> variables = new HashMap<>();
        variables.put(
                "messages",
                conversation.messages().stream().map(TemplateVariables::message).toList());
        variables.put("add_generation_prompt", answerFollows);
        if (!conversation.tools().isEmpty()) {
            variables.put(
                    "tools",
                    conversation.tools().stream().map(TemplateVariables::object).toList());
        }
        return variables;
    }

    private static Map<String, Object> message(ChatMessage message) {
        Map<String, Object> variable = new LinkedHashMap<>();
        variable.put("role", message.role());
        variable.put("content", message.content());
        if (!message.toolCalls().isEmpty()) {
            variable.put(
                    "tool_calls",
                    message.toolCalls().stream().map(TemplateVariables::call).toList());
        }
        message.toolCallId().ifPresent(id -> variable.put("tool_call_id", id));
        message.name().ifPresent(name -> variable.put("name", name));
        return variable;
    }

    private static Map<String, Object> call(ToolCall call) {
        Map<String, Object> function = new LinkedHashMap<>();
        function.put("name", call.name());
        function.put("arguments", object(call.arguments()));
        Map<String, Object> variable = new LinkedHashMap<>();
        variable.put("id", call.id());
        variable.put("type", "function");
        variable.put("function", function);
        return variable;
    }

    private static Map<String, Object> object(ObjectNode node) {
        return JSON.convertValue(node, OBJECT);
    }
}
