package io.livegraft.gpu.quantization;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.livegraft.gpu.tensor.HostTensor;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/**
 * One case of what a separate program made of bitsandbytes' algorithms; see SOURCE.txt beside the vectors.
 *
 * @param json the case, or the whole file
 */
record BitsandbytesVectors(JsonNode json) {
    /** Of 4 bits, in blocks. */
    static List<BitsandbytesVectors> blocks() throws IOException {
        return cases("cases");
    }

    /** Of 8 bits, a scale for each row. */
    static List<BitsandbytesVectors> rows() throws IOException {
        return cases("int8");
    }

    static BitsandbytesVectors whole() throws IOException {
        try (InputStream in =
                Objects.requireNonNull(BitsandbytesVectors.class.getResourceAsStream("/bitsandbytes/vectors.json"))) {
            return new BitsandbytesVectors(new JsonMapper().readTree(in));
        }
    }

    private static List<BitsandbytesVectors> cases(String field) throws IOException {
        return whole().json()
                .path(field)
                .valueStream()
                .map(BitsandbytesVectors::new)
                .toList();
    }

    String name() {
        return "%s (%d,%d) in blocks of %d"
                .formatted(
                        json.path("format").asText("int8"),
                        json.path("rows").asInt(),
                        json.path("columns").asInt(),
                        json.path("blockSize").asInt());
    }

    /** The case's weight in its format. */
    BlockTensor quantized(boolean nested) {
        Codebook codebook = Codebook.valueOf(json.path("format").asText().toUpperCase(Locale.ROOT));
        return BlockTensor.quantize(weight(), codebook, json.path("blockSize").asInt(), nested);
    }

    HostTensor weight() {
        int rows = json.path("rows").asInt();
        int columns = json.path("columns").asInt();
        float[] values = new float[rows * columns];
        int x = json.path("seed").asInt();
        for (int i = 0; i < values.length; i++) {
            x = x * 1664525 + 1013904223;
            float v = x * 0x1p-31f;
            values[i] = v * v * v;
        }
        for (JsonNode range : json.path("zeros")) {
            Arrays.fill(values, range.path(0).asInt(), range.path(1).asInt(), 0);
        }
        for (JsonNode row : json.path("zeroRows")) {
            Arrays.fill(values, row.asInt() * columns, (row.asInt() + 1) * columns, 0);
        }
        return HostTensor.matrix(rows, columns, values);
    }

    /** The field's bytes, or their digest. */
    void assertBytes(String field, byte[] actual) throws NoSuchAlgorithmException {
        String expected = json.path(field).asText();
        byte[] shown = expected.startsWith("sha256:")
                ? MessageDigest.getInstance("SHA-256").digest(actual)
                : actual;
        assertEquals(expected.replace("sha256:", ""), HexFormat.of().formatHex(shown), field);
    }

    /** Little-endian, negative zeros made positive. */
    static byte[] bytes(float... values) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        for (float value : values) {
            bytes.putFloat(value + 0f);
        }
        return bytes.array();
    }
}
