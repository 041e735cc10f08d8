package io.livegraft.gpu.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.livegraft.gpu.safetensors.DType;
import io.livegraft.gpu.tensor.Bf16;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/**
 * Bases whose weights follow from the tensors' names by integer arithmetic, so that a program in another language has the
 * same ones without a file.
 *
 * <pre>{@code
 *   v[i] = (mix(fnv1a(name) + i · 0x9E3779B9) >>> 8) · 2⁻²⁴ − 1/2, in [−1/2, 1/2)      norms: 1 + v[i]/2
 * }</pre>
 */
public final class HashedBase {
    private HashedBase() {}

    /** A directory with this config and its weights, in one file or in two with an index. */
    public static Path write(Path dir, JsonNode config, DType dtype, boolean sharded) {
        try {
            TinyBase.withConfig(dir, config.toString());
            SequencedMap<String, List<Integer>> shapes =
                    ModelDirectory.expectedTensors(ModelDirectory.open(dir).config());
            if (!sharded) {
                Files.write(dir.resolve("model.safetensors"), file(shapes, dtype));
                return dir;
            }
            ObjectNode index = new JsonMapper().createObjectNode();
            ObjectNode map = index.putObject("weight_map");
            for (String shard : List.of("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")) {
                SequencedMap<String, List<Integer>> part = new LinkedHashMap<>(shapes);
                part.keySet().removeIf(name -> (fnv1a(name) % 2 == 0) == shard.contains("00001-"));
                part.keySet().forEach(name -> map.put(name, shard));
                Files.write(dir.resolve(shard), file(part, dtype));
            }
            Files.writeString(dir.resolve("model.safetensors.index.json"), index.toString());
            return dir;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static byte[] file(SequencedMap<String, List<Integer>> shapes, DType dtype) {
        ObjectNode header = new JsonMapper().createObjectNode();
        int end = 0;
        for (Map.Entry<String, List<Integer>> entry : shapes.entrySet()) {
            ObjectNode info = header.putObject(entry.getKey()).put("dtype", dtype.name());
            entry.getValue().forEach(info.putArray("shape")::add);
            int start = end;
            end += size(entry.getValue()) * dtype.bits() / 8;
            info.putArray("data_offsets").add(start).add(end);
        }
        byte[] json = header.toString().getBytes(StandardCharsets.UTF_8);
        ByteBuffer bytes = ByteBuffer.allocate(8 + json.length + end).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(json.length).put(json);
        shapes.forEach((name, shape) -> {
            for (float value : values(name, size(shape))) {
                switch (dtype) {
                    case F32 -> bytes.putFloat(value);
                    case F16 -> bytes.putShort(Float.floatToFloat16(value));
                    case BF16 -> bytes.putShort(Bf16.fromFloat(value));
                    default -> throw new IllegalArgumentException("no base in " + dtype);
                }
            }
        });
        return bytes.array();
    }

    private static int size(List<Integer> shape) {
        return shape.stream().reduce(1, Math::multiplyExact);
    }

    private static float[] values(String name, int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            double v = (mix(fnv1a(name) + i * 0x9E3779B9) >>> 8) * 0x1p-24 - 0.5;
            values[i] = (float) (name.endsWith("norm.weight") ? 1 + 0.5 * v : v);
        }
        return values;
    }

    private static int fnv1a(String name) {
        int hash = 0x811C9DC5;
        for (byte b : name.getBytes(StandardCharsets.US_ASCII)) {
            hash = (hash ^ b) * 0x01000193;
        }
        return hash;
    }

    private static int mix(int x) {
        int h = (x ^ x >>> 16) * 0x85EBCA6B;
        h = (h ^ h >>> 13) * 0xC2B2AE35;
        return h ^ h >>> 16;
    }
}
