package io.livegraft.gpu.model;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.livegraft.gpu.safetensors.TensorInfo;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.IntStream;

/** The fields of a {@link QuantState} as tensors of their own: numbers as numbers, words as their UTF-8 bytes. */
final class QuantStateTensors {
    static final List<String> FIELDS =
            List.of("quant_type", "blocksize", "dtype", "shape", "nested_blocksize", "nested_dtype", "nested_offset");
    private static final List<String> WORDS = List.of("quant_type", "dtype", "nested_dtype");
    private static final long MAX_ELEMENTS = 64;

    private QuantStateTensors() {}

    static ObjectNode read(WeightParts parts, OpenWeights open) {
        ObjectNode fields = new JsonMapper().createObjectNode();
        for (String field : FIELDS) {
            String name = parts.weight() + "." + field;
            if (parts.has(name)) {
                TensorInfo info = parts.require(name);
                if (info.elements() < 1 || info.elements() > MAX_ELEMENTS) {
                    throw parts.refusal(name, "has shape %s, expected few elements".formatted(info.shape()));
                }
                byte[] bytes = open.bytes(name).toArray(ValueLayout.JAVA_BYTE);
                ByteBuffer numbers = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
                if (WORDS.contains(field)) {
                    fields.put(field, new String(bytes, StandardCharsets.UTF_8));
                } else if (field.equals("shape")) {
                    ArrayNode shape = fields.putArray(field);
                    IntStream.range(0, (int) info.elements())
                            .forEach(i -> shape.add((long) number(parts, name, info, numbers, i)));
                } else if (field.equals("nested_offset")) {
                    fields.put(field, number(parts, name, info, numbers, 0));
                } else {
                    fields.put(field, (long) number(parts, name, info, numbers, 0));
                }
            }
        }
        return fields;
    }

    private static double number(WeightParts parts, String name, TensorInfo info, ByteBuffer bytes, int index) {
        return switch (info.dtype()) {
            case U8 -> bytes.get(index) & 0xFF;
            case I32 -> bytes.getInt(4 * index);
            case I64 -> bytes.getLong(8 * index);
            case F32 -> bytes.getFloat(4 * index);
            case F64 -> bytes.getDouble(8 * index);
            default -> throw parts.refusal(name, "is %s, expected I64 or F32".formatted(info.dtype()));
        };
    }
}
