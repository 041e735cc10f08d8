package io.livegraft.gpu.safetensors;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/** Reads and checks the JSON header; {@code origin} names the file in every refusal. */
record SafetensorsHeader(SequencedMap<String, TensorInfo> tensors, Map<String, String> metadata) {
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    /** Tensors come out in the order of their bytes, which cover {@code dataBytes} exactly. */
    static SafetensorsHeader parse(String origin, byte[] header, long dataBytes) {
        JsonNode root = json(origin, header);
        if (!root.isObject()) {
            throw refusal(origin, "has a header that is not a JSON object");
        }
        Map<String, String> metadata = new LinkedHashMap<>();
        List<Map.Entry<String, TensorInfo>> found = new ArrayList<>();
        for (Map.Entry<String, JsonNode> field : root.properties()) {
            if (field.getKey().equals("__metadata__")) {
                metadata.putAll(metadata(origin, field.getValue()));
            } else {
                found.add(Map.entry(field.getKey(), tensor(origin, field.getKey(), field.getValue())));
            }
        }
        return new SafetensorsHeader(inOrder(origin, found, dataBytes), metadata);
    }

    private static JsonNode json(String origin, byte[] header) {
        try {
            return JSON.readTree(StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(header))
                    .toString());
        } catch (CharacterCodingException e) {
            throw new LivegraftException(
                    ErrorCode.INVALID_MODEL, "safetensors " + origin + " has a header that is not UTF-8", e);
        } catch (JsonProcessingException e) {
            throw new LivegraftException(
                    ErrorCode.INVALID_MODEL,
                    "safetensors %s has a header that is not valid JSON: %s".formatted(origin, e.getOriginalMessage()),
                    e);
        }
    }

    private static Map<String, String> metadata(String origin, JsonNode node) {
        Map<String, String> metadata = new LinkedHashMap<>();
        if (!node.isObject()) {
            throw refusal(origin, "has __metadata__ that is not a JSON object");
        }
        for (Map.Entry<String, JsonNode> field : node.properties()) {
            if (!field.getValue().isTextual()) {
                throw refusal(
                        origin,
                        "has __metadata__ '%s' = %s, expected a string".formatted(field.getKey(), field.getValue()));
            }
            metadata.put(field.getKey(), field.getValue().textValue());
        }
        return metadata;
    }

    private static TensorInfo tensor(String origin, String name, JsonNode node) {
        DType dtype = dtype(origin, name, node.path("dtype"));
        List<Long> shape = naturals(origin, name, "shape", node.path("shape"));
        List<Long> offsets = naturals(origin, name, "data_offsets", node.path("data_offsets"));
        if (offsets.size() != 2 || offsets.get(0) > offsets.get(1)) {
            throw refusal(origin, "tensor '%s' has data_offsets %s, expected [begin, end]".formatted(name, offsets));
        }
        TensorInfo info = new TensorInfo(dtype, shape, offsets.get(0), offsets.get(1));
        try {
            long bits = Math.multiplyExact(info.elements(), dtype.bits());
            if (bits % 8 != 0 || bits / 8 != info.bytes()) {
                throw refusal(
                        origin,
                        "tensor '%s' of type %s and shape %s takes %d bits but its data_offsets %s hold %d bytes"
                                .formatted(name, dtype, shape, bits, offsets, info.bytes()));
            }
        } catch (ArithmeticException e) {
            throw new LivegraftException(
                    ErrorCode.INVALID_MODEL,
                    "safetensors %s tensor '%s' has shape %s, more elements than can be counted"
                            .formatted(origin, name, shape),
                    e);
        }
        return info;
    }

    private static DType dtype(String origin, String name, JsonNode node) {
        for (DType dtype : DType.values()) {
            if (dtype.name().equals(node.asText())) {
                return dtype;
            }
        }
        throw refusal(
                origin,
                "tensor '%s' has dtype %s, which is not known".formatted(name, node.isMissingNode() ? "(none)" : node));
    }

    private static List<Long> naturals(String origin, String name, String field, JsonNode node) {
        List<Long> numbers = new ArrayList<>();
        boolean valid = node.isArray();
        for (JsonNode number : node) {
            valid &= number.isIntegralNumber() && number.canConvertToLong() && number.longValue() >= 0;
            numbers.add(number.longValue());
        }
        if (!valid) {
            throw refusal(
                    origin,
                    "tensor '%s' has %s %s, expected a list of whole numbers from 0 to %d"
                            .formatted(name, field, node.isMissingNode() ? "(none)" : node, Long.MAX_VALUE));
        }
        return numbers;
    }

    private static SequencedMap<String, TensorInfo> inOrder(
            String origin, List<Map.Entry<String, TensorInfo>> found, long dataBytes) {
        found.sort(Comparator.comparing(
                Map.Entry::getValue, Comparator.comparingLong(TensorInfo::begin).thenComparingLong(TensorInfo::end)));
        SequencedMap<String, TensorInfo> ordered = new LinkedHashMap<>();
        long covered = 0;
        for (Map.Entry<String, TensorInfo> entry : found) {
            TensorInfo info = entry.getValue();
            if (info.end() > dataBytes) {
                throw refusal(
                        origin,
                        "tensor '%s' ends at byte %d but the file has %d bytes of data"
                                .formatted(entry.getKey(), info.end(), dataBytes));
            }
            if (info.begin() != covered) {
                throw refusal(
                        origin,
                        "tensor '%s' begins at byte %d but the one before it ends at %d (%s)"
                                .formatted(
                                        entry.getKey(),
                                        info.begin(),
                                        covered,
                                        info.begin() < covered ? "overlap" : "hole"));
            }
            covered = info.end();
            ordered.put(entry.getKey(), info);
        }
        if (covered != dataBytes) {
            throw refusal(origin, "has %d bytes of data but its tensors cover %d".formatted(dataBytes, covered));
        }
        return ordered;
    }

    private static LivegraftException refusal(String origin, String what) {
        return new LivegraftException(ErrorCode.INVALID_MODEL, "safetensors " + origin + " " + what);
    }
}
