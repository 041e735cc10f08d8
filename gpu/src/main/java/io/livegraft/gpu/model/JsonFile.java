package io.livegraft.gpu.model;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A JSON object from a model or adapter directory; every field access says which file it refuses. */
public record JsonFile(Path file, ObjectNode root) {
    /** A tokenizer's words are field names: 50,000 that no other file repeats, for which shared tables cost more than they save. */
    private static final JsonMapper JSON = new JsonMapper(JsonFactory.builder()
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
            .build());

    private static final long MAX_BYTES = 100_000_000;

    /** Refuses what is absent, too large, not JSON or not an object. */
    public static JsonFile read(Path file) {
        try {
            if (Files.size(file) > MAX_BYTES) {
                throw refusal(file, "has %d bytes, more than the %d allowed".formatted(Files.size(file), MAX_BYTES));
            }
            return decode(file, Files.readAllBytes(file));
        } catch (IOException e) {
            throw new LivegraftException(
                    ErrorCode.INVALID_MODEL, "%s can't be read: %s".formatted(file, e.getMessage()), e);
        }
    }

    /** The same for a file that was read already. */
    public static JsonFile decode(Path file, byte[] bytes) {
        try {
            if (JSON.readTree(bytes) instanceof ObjectNode root) {
                return new JsonFile(file, root);
            }
            throw refusal(file, "does not hold a JSON object");
        } catch (JsonProcessingException e) {
            throw new LivegraftException(
                    ErrorCode.INVALID_MODEL, "%s is not valid JSON: %s".formatted(file, e.getOriginalMessage()), e);
        } catch (IOException e) {
            throw new LivegraftException(
                    ErrorCode.INVALID_MODEL, "%s can't be read: %s".formatted(file, e.getMessage()), e);
        }
    }

    /** Whether the field is there with a value other than null. */
    public boolean has(String field) {
        return root.hasNonNull(field);
    }

    /** A missing node when the field is absent or null. */
    public JsonNode get(String field) {
        return has(field) ? root.get(field) : root.path("");
    }

    public int positiveInt(String field) {
        JsonNode node = get(field);
        if (!node.isIntegralNumber() || !node.canConvertToInt() || node.intValue() < 1) {
            throw unexpected(field, "a whole number from 1 to " + Integer.MAX_VALUE);
        }
        return node.intValue();
    }

    public int positiveInt(String field, int absent) {
        return has(field) ? positiveInt(field) : absent;
    }

    /** A whole number, 0 too. */
    public int wholeNumber(String field, int absent) {
        JsonNode node = get(field);
        if (has(field) && (!node.isIntegralNumber() || !node.canConvertToInt() || node.intValue() < 0)) {
            throw unexpected(field, "a whole number from 0 to " + Integer.MAX_VALUE);
        }
        return node.asInt(absent);
    }

    public double positiveNumber(String field, double absent) {
        if (!has(field)) {
            return absent;
        }
        double value = get(field).asDouble(0);
        if (!get(field).isNumber() || !(value > 0) || Double.isInfinite(value)) {
            throw unexpected(field, "a number above 0");
        }
        return value;
    }

    public boolean flag(String field, boolean absent) {
        if (has(field) && !get(field).isBoolean()) {
            throw unexpected(field, "true or false");
        }
        return get(field).asBoolean(absent);
    }

    /** Says which value the field has and what it should have been. */
    public LivegraftException unexpected(String field, String expected) {
        JsonNode node = root.path(field);
        return refusal(
                file,
                "has %s %s, expected %s".formatted(field, node.isMissingNode() ? "missing" : "= " + node, expected));
    }

    private static LivegraftException refusal(Path file, String what) {
        return new LivegraftException(ErrorCode.INVALID_MODEL, file + " " + what);
    }
}
