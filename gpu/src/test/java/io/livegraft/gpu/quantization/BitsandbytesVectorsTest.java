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
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Byte for byte what a separate program made of bitsandbytes' algorithms; see SOURCE.txt beside the vectors. */
class BitsandbytesVectorsTest {
    @TestFactory
    Stream<DynamicTest> blocksAreTheSameBytes() throws IOException {
        return vectors()
                .path("cases")
                .valueStream()
                .map(vector -> DynamicTest.dynamicTest(name(vector), () -> {
                    HostTensor weight = weight(vector);
                    Codebook codebook =
                            Codebook.valueOf(vector.path("format").asText().toUpperCase(Locale.ROOT));
                    int blockSize = vector.path("blockSize").asInt();
                    BlockTensor plain = BlockTensor.quantize(weight, codebook, blockSize, false);
                    assertBytes(vector, "packed", plain.packed());
                    assertBytes(vector, "absmax", bytes(((Scales.Plain) plain.scales()).values()));
                    assertBytes(vector, "decoded", bytes(plain.dequantize().values()));
                    BlockTensor nested = BlockTensor.quantize(weight, codebook, blockSize, true);
                    Scales.Nested scales = (Scales.Nested) nested.scales();
                    assertBytes(vector, "packed", nested.packed());
                    assertBytes(vector, "codes", scales.codes());
                    assertBytes(vector, "nestedAbsmax", bytes(scales.nested()));
                    assertBytes(vector, "offset", bytes(scales.offset()));
                    assertBytes(
                            vector, "nestedDecoded", bytes(nested.dequantize().values()));
                }));
    }

    @TestFactory
    Stream<DynamicTest> rowsAreTheSameBytes() throws IOException {
        return vectors()
                .path("int8")
                .valueStream()
                .map(vector -> DynamicTest.dynamicTest(name(vector), () -> {
                    RowTensor rows = RowTensor.quantize(weight(vector));
                    assertBytes(vector, "values", rows.values());
                    assertBytes(vector, "scb", bytes(rows.scales()));
                    assertBytes(vector, "decoded", bytes(rows.dequantize().values()));
                }));
    }

    @Test
    void theDynamicMapIsTheSameBytes() throws IOException, NoSuchAlgorithmException {
        assertBytes(vectors(), "dynamicMap", bytes(DoubleQuantization.map()));
    }

    private static HostTensor weight(JsonNode vector) {
        int rows = vector.path("rows").asInt();
        int columns = vector.path("columns").asInt();
        float[] values = new float[rows * columns];
        int x = vector.path("seed").asInt();
        for (int i = 0; i < values.length; i++) {
            x = x * 1664525 + 1013904223;
            float v = x * 0x1p-31f;
            values[i] = v * v * v;
        }
        for (JsonNode range : vector.path("zeros")) {
            Arrays.fill(values, range.path(0).asInt(), range.path(1).asInt(), 0);
        }
        for (JsonNode row : vector.path("zeroRows")) {
            Arrays.fill(values, row.asInt() * columns, (row.asInt() + 1) * columns, 0);
        }
        return HostTensor.matrix(rows, columns, values);
    }

    private static void assertBytes(JsonNode vector, String field, byte[] actual) throws NoSuchAlgorithmException {
        String expected = vector.path(field).asText();
        byte[] shown = expected.startsWith("sha256:")
                ? MessageDigest.getInstance("SHA-256").digest(actual)
                : actual;
        assertEquals(expected.replace("sha256:", ""), HexFormat.of().formatHex(shown), field);
    }

    /** Little-endian, negative zeros made positive. */
    private static byte[] bytes(float... values) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        for (float value : values) {
            bytes.putFloat(value + 0f);
        }
        return bytes.array();
    }

    private static String name(JsonNode vector) {
        return "%s (%d,%d) in blocks of %d"
                .formatted(
                        vector.path("format").asText("int8"),
                        vector.path("rows").asInt(),
                        vector.path("columns").asInt(),
                        vector.path("blockSize").asInt());
    }

    private static JsonNode vectors() throws IOException {
        try (InputStream in = Objects.requireNonNull(
                BitsandbytesVectorsTest.class.getResourceAsStream("/bitsandbytes/vectors.json"))) {
            return new JsonMapper().readTree(in);
        }
    }
}
