package io.livegraft.gpu.safetensors;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.TreeMap;

/**
 * Where the tensors of a file to write go.
 *
 * @param tensors in the order of their bytes
 * @param header all that stands before those: its length, JSON and padding
 */
public record SafetensorsLayout(SequencedMap<String, TensorInfo> tensors, byte[] header) {
    /** A tensor to write; its shape has the outermost dimension first. */
    public record Spec(DType dtype, List<Long> shape) {
        public Spec {
            shape = List.copyOf(shape);
        }
    }

    private static final JsonMapper JSON = new JsonMapper();

    /** In the given order. */
    public static SafetensorsLayout of(SequencedMap<String, Spec> specs, Map<String, String> metadata) {
        SequencedMap<String, TensorInfo> tensors = new LinkedHashMap<>();
        ObjectNode root = JSON.createObjectNode();
        if (!metadata.isEmpty()) {
            new TreeMap<>(metadata).forEach(root.putObject("__metadata__")::put);
        }
        long begin = 0;
        for (Map.Entry<String, Spec> entry : specs.entrySet()) {
            DType dtype = entry.getValue().dtype();
            List<Long> shape = entry.getValue().shape();
            long elements = shape.stream().mapToLong(Long::longValue).reduce(1, Math::multiplyExact);
            long end = begin + Math.multiplyExact(elements, dtype.bits()) / 8;
            ObjectNode info = root.putObject(entry.getKey()).put("dtype", dtype.name());
            shape.forEach(info.putArray("shape")::add);
            info.putArray("data_offsets").add(begin).add(end);
            tensors.put(entry.getKey(), new TensorInfo(dtype, shape, begin, end));
            begin = end;
        }
        return new SafetensorsLayout(tensors, padded(root.toString().getBytes(StandardCharsets.UTF_8)));
    }

    /** As the reference library lays them out: by falling type, so that each is aligned, then by name. */
    public static SafetensorsLayout sorted(Map<String, Spec> specs, Map<String, String> metadata) {
        SequencedMap<String, Spec> ordered = new LinkedHashMap<>();
        Comparator<Map.Entry<String, Spec>> byType =
                Comparator.comparing(entry -> entry.getValue().dtype(), Comparator.reverseOrder());
        specs.entrySet().stream()
                .sorted(byType.thenComparing(Map.Entry::getKey))
                .forEach(entry -> ordered.put(entry.getKey(), entry.getValue()));
        return of(ordered, metadata);
    }

    /** Of the whole file. */
    public long bytes() {
        return header.length
                + (tensors.isEmpty() ? 0 : tensors.lastEntry().getValue().end());
    }

    private static byte[] padded(byte[] json) {
        int length = Math.addExact(json.length, 7) / 8 * 8;
        ByteBuffer header = ByteBuffer.allocate(Long.BYTES + length).order(ByteOrder.LITTLE_ENDIAN);
        header.putLong(length).put(json);
        while (header.hasRemaining()) {
            header.put((byte) ' ');
        }
        return header.array();
    }
}
