package io.livegraft.gateway.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.livegraft.gateway.wire.Fields;
import io.livegraft.gpu.tokenizer.ToolCall;
import java.util.ArrayList;
import java.util.List;

/**
 * Tools of a chat request and calls of them in its messages. They are shown to the model by the base's chat template; what
 * the model then says of calls stays text.
 */
final class ToolFields {
    private static final JsonMapper JSON = new JsonMapper();
    private static final String FUNCTION = "{\"type\":\"function\",\"function\":{\"name\":…}}";

    private ToolFields() {}

    /** None where {@code tool_choice} says so. */
    static List<ObjectNode> tools(Fields fields) {
        List<ObjectNode> tools = functions(fields, "tools");
        String choice = fields.text("tool_choice").orElse("auto");
        return choice.equals("none") ? List.of() : tools;
    }

    static List<ToolCall> calls(Fields message) {
        return functions(message, "tool_calls").stream().map(ToolFields::call).toList();
    }

    private static ToolCall call(ObjectNode call) {
        Fields function = Fields.of(call.path("function"));
        return new ToolCall(Fields.of(call).requiredText("id"), function.requiredText("name"), arguments(function));
    }

    /** OpenAI writes them as a string, templates take the object in it. */
    private static ObjectNode arguments(Fields function) {
        String text = function.requiredText("arguments");
        try {
            if (JSON.readTree(text) instanceof ObjectNode object) {
                return object;
            }
        } catch (JsonProcessingException broken) {
            // Refused below.
        }
        throw Fields.wrong("arguments", function.required("arguments"), "a string that holds a JSON object");
    }

    private static List<ObjectNode> functions(Fields fields, String name) {
        JsonNode list = fields.value(name).orElseGet(JSON::createArrayNode);
        if (!list.isArray()) {
            throw Fields.wrong(name, list, "a list of " + FUNCTION);
        }
        List<ObjectNode> functions = new ArrayList<>();
        for (JsonNode element : list) {
            boolean named = element.path("type").asText().equals("function")
                    && element.at("/function/name").isTextual();
            if (!named || !(element instanceof ObjectNode function)) {
                throw Fields.wrong(name, element, FUNCTION);
            }
            functions.add(function);
        }
        return functions;
    }
}
