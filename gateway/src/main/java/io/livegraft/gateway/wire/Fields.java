package io.livegraft.gateway.wire;

import com.fasterxml.jackson.databind.JsonNode;
import io.livegraft.gateway.error.ErrorReply;
import io.livegraft.gateway.error.RequestRefusedException;
import io.livegraft.gpu.error.ErrorCode;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** Typed reading of one JSON object; a wrong field is refused by name. A field that is null counts as absent. */
public final class Fields {
    private static final int SHOWN_CHARACTERS = 60;

    private final JsonNode object;

    private Fields(JsonNode object) {
        this.object = object;
    }

    public static Fields of(JsonNode body) {
        if (!body.isObject()) {
            throw ErrorReply.of(
                            ErrorCode.INVALID_REQUEST, "the body is %s, expected a JSON object".formatted(shown(body)))
                    .asException();
        }
        return new Fields(body);
    }

    public Optional<JsonNode> value(String name) {
        return Optional.ofNullable(object.get(name)).filter(node -> !node.isNull());
    }

    public JsonNode required(String name) {
        return value(name).orElseThrow(() -> refuse(name, name + " is missing"));
    }

    public String requiredText(String name) {
        return text(name, required(name));
    }

    public Optional<String> text(String name) {
        return value(name).map(node -> text(name, node));
    }

    public OptionalInt integer(String name) {
        Optional<JsonNode> node = value(name);
        if (node.isEmpty()) {
            return OptionalInt.empty();
        }
        if (!node.get().canConvertToInt() || !node.get().canConvertToExactIntegral()) {
            throw wrong(name, node.get(), "a whole number");
        }
        return OptionalInt.of(node.get().intValue());
    }

    public OptionalLong longInteger(String name) {
        Optional<JsonNode> node = value(name);
        if (node.isEmpty()) {
            return OptionalLong.empty();
        }
        if (!node.get().canConvertToLong() || !node.get().canConvertToExactIntegral()) {
            throw wrong(name, node.get(), "a whole number");
        }
        return OptionalLong.of(node.get().longValue());
    }

    public OptionalDouble number(String name) {
        Optional<JsonNode> node = value(name);
        if (node.isEmpty()) {
            return OptionalDouble.empty();
        }
        if (!node.get().isNumber()) {
            throw wrong(name, node.get(), "a number");
        }
        return OptionalDouble.of(node.get().doubleValue());
    }

    public boolean flag(String name, boolean whenAbsent) {
        Optional<JsonNode> node = value(name);
        if (node.isEmpty()) {
            return whenAbsent;
        }
        if (!node.get().isBoolean()) {
            throw wrong(name, node.get(), "true or false");
        }
        return node.get().booleanValue();
    }

    public static RequestRefusedException refuse(String name, String message) {
        return ErrorReply.invalidField(name, message).asException();
    }

    public static RequestRefusedException wrong(String name, JsonNode node, String expected) {
        return refuse(name, "%s is %s, expected %s".formatted(name, shown(node), expected));
    }

    private static String text(String name, JsonNode node) {
        if (!node.isTextual()) {
            throw wrong(name, node, "a string");
        }
        return node.textValue();
    }

    private static String shown(JsonNode node) {
        String json = node.toString();
        return json.length() <= SHOWN_CHARACTERS ? json : json.substring(0, SHOWN_CHARACTERS) + "…";
    }
}
