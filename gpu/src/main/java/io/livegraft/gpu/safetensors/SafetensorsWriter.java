package io.livegraft.gpu.safetensors;

import io.livegraft.gpu.safetensors.SafetensorsLayout.Spec;
import io.livegraft.gpu.tensor.Bf16;
import io.livegraft.gpu.tensor.HostTensor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;

/**
 * Writes tensors as F32 or BF16, byte for byte as the reference library does when the names come sorted: header keys in the
 * given order, padded with spaces to 8 bytes. The same input makes the same bytes.
 */
public final class SafetensorsWriter {
    /** What PyTorch's and PEFT's files say of themselves. */
    public static final Map<String, String> PYTORCH = Map.of("format", "pt");

    private static final int CHUNK_BYTES = 1 << 16;

    private SafetensorsWriter() {}

    /** The whole file in memory; for files that fit one array. */
    public static byte[] encode(SequencedMap<String, HostTensor> tensors, DType dtype, Map<String, String> metadata) {
        int values = tensors.values().stream()
                .mapToInt(tensor -> tensor.values().length)
                .sum();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(values * Float.BYTES + CHUNK_BYTES);
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
        SequencedMap<String, Spec> specs = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> specs.put(
                name,
                new Spec(dtype, tensor.shape().stream().map(Integer::longValue).toList())));
        return SafetensorsLayout.of(specs, metadata).header();
    }
}
