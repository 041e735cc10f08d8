package io.livegraft.gpu.safetensors;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.livegraft.gpu.tensor.Bf16;
import io.livegraft.gpu.tensor.HostTensor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.SequencedMap;
import java.util.TreeMap;

/**
 * Writes tensors as F32 or BF16, byte for byte as the reference library does when the names come sorted: header keys in the
 * given order, padded with spaces to 8 bytes. The same input makes the same bytes.
 */
public final class SafetensorsWriter {
    /** What PyTorch's and PEFT's files say of themselves. */
    public static final Map<String, String> PYTORCH = Map.of("format", "pt");

    private static final JsonMapper JSON = new JsonMapper();
    private static final int CHUNK_BYTES = 1 << 16;

    private SafetensorsWriter() {}

    /** The whole file in memory; for files that fit one array. */
    public static byte[] encode(SequencedMap<String, HostTensor> tensors, DType dtype, Map<String, String> metadata) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            write(bytes, tensors, dtype, metadata);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /** Replaces the file atomically; when this returns it survives a power cut. */
    public static void write(
            Path file, SequencedMap<String, HostTensor> tensors, DType dtype, Map<String, String> metadata) {
        DurableFile.write(file, out -> write(out, tensors, dtype, metadata));
    }

    private static void write(
            OutputStream out, SequencedMap<String, HostTensor> tensors, DType dtype, Map<String, String> metadata)
            throws IOException {
        out.write(header(tensors, dtype, metadata));
        byte[] bytes = new byte[CHUNK_BYTES];
        ByteBuffer chunk = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        for (HostTensor tensor : tensors.values()) {
            for (float value : tensor.values()) {
                if (dtype == DType.F32) {
                    chunk.putFloat(value);
                } else {
                    chunk.putShort(Bf16.fromFloat(value));
                }
                if (!chunk.hasRemaining()) {
                    out.write(bytes);
                    chunk.clear();
                }
            }
        }
        out.write(bytes, 0, chunk.position());
    }

    private static byte[] header(SequencedMap<String, HostTensor> tensors, DType dtype, Map<String, String> metadata) {
        if (dtype != DType.F32 && dtype != DType.BF16) {
            throw new IllegalArgumentException("can't write " + dtype + ", expected F32 or BF16");
        }
        ObjectNode root = JSON.createObjectNode();
        if (!metadata.isEmpty()) {
            new TreeMap<>(metadata).forEach(root.putObject("__metadata__")::put);
        }
        long offset = 0;
        for (Map.Entry<String, HostTensor> entry : tensors.entrySet()) {
            ObjectNode info = root.putObject(entry.getKey()).put("dtype", dtype.name());
            entry.getValue().shape().forEach(info.putArray("shape")::add);
            long end = offset + (long) entry.getValue().values().length * (dtype.bits() / 8);
            info.putArray("data_offsets").add(offset).add(end);
            offset = end;
        }
        byte[] json = root.toString().getBytes(StandardCharsets.UTF_8);
        int padded = Math.addExact(json.length, 7) / 8 * 8;
        ByteBuffer header = ByteBuffer.allocate(Long.BYTES + padded).order(ByteOrder.LITTLE_ENDIAN);
        header.putLong(padded).put(json);
        while (header.hasRemaining()) {
            header.put((byte) ' ');
        }
        return header.array();
    }
}
