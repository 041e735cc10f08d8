package io.livegraft.gpu.safetensors;

import static io.livegraft.gpu.Refusals.assertInvalidModel;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.livegraft.gpu.SharedFiles;
import io.livegraft.gpu.tensor.HostTensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SafetensorsFileTest {
    @TempDir
    Path dir;

    @TestFactory
    Stream<DynamicTest> agreesWithTheReferenceLibraryOnItsOwnCases() throws IOException {
        Path vectors = SharedFiles.require("vectors/safetensors/safetensors_vectors.json");
        JsonNode cases = new JsonMapper().readTree(vectors.toFile()).path("cases");
        assertTrue(cases.size() > 10);
        return cases.valueStream()
                .map(vector -> DynamicTest.dynamicTest(
                        vector.path("test").asText() + " " + vector.path("len"), () -> check(vector)));
    }

    private void check(JsonNode vector) throws IOException {
        byte[] bytes = HexFormat.of().parseHex(vector.path("hex").asText());
        Path file = Files.write(dir.resolve("vector.safetensors"), bytes);
        if (vector.path("expect").asText().startsWith("error")) {
            assertInvalidModel("safetensors " + file + " ", () -> SafetensorsFile.open(file));
        } else {
            try (SafetensorsFile opened = SafetensorsFile.open(file)) {
                assertTrue(opened.tensors().size() <= 2);
            }
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]},'a':{'dtype':'F32','shape':[1],'data_offsets':[4,8]}} | 8 | Duplicate field 'a'",
                "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]},'b':{'dtype':'F32','shape':[1],'data_offsets':[4,8]}} | 8 | overlap",
                "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]},'b':{'dtype':'F32','shape':[1],'data_offsets':[8,12]}} | 12 | hole",
                "{'a':{'dtype':'F32','shape':[1],'data_offsets':[4,8]}} | 8 | hole",
                "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}} | 4 | ends at byte 8 but the file has 4",
                "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}} | 8 | its tensors cover 4",
                "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,4]}} | 4 | takes 64 bits",
                "{'a':{'dtype':'F31','shape':[1],'data_offsets':[0,4]}} | 4 | dtype \"F31\", which is not known",
                "{'a':{'shape':[1],'data_offsets':[0,4]}} | 4 | dtype (none)",
                "{'a':{'dtype':'F32','shape':[-1],'data_offsets':[0,4]}} | 4 | shape [-1]",
                "{'a':{'dtype':'F32','shape':[1.5],'data_offsets':[0,4]}} | 4 | shape [1.5]",
                "{'a':{'dtype':'F32','shape':'1','data_offsets':[0,4]}} | 4 | shape \"1\"",
                "{'a':{'dtype':'F32','shape':[1],'data_offsets':[4,0]}} | 4 | data_offsets [4, 0]",
                "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0]}} | 4 | data_offsets [0]",
                "{'a':{'dtype':'F32','shape':[1]}} | 4 | data_offsets (none)",
                "{'a':7} | 0 | dtype (none)",
                "{'__metadata__':{'n':1}} | 0 | expected a string",
                "[1] | 0 | not a JSON object",
                "{} {} | 0 | not valid JSON",
                "'' | 0 | not a JSON object",
            })
    void refusesAMalformedHeaderAndSaysWhy(String json, int dataBytes, String reason) {
        byte[] bytes = file(json.replace('\'', '"'), dataBytes);
        assertInvalidModel(reason, () -> SafetensorsFile.decode(bytes));
    }

    @Test
    void readsEveryHalfPrecisionValueExactly() {
        ByteBuffer data = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN);
        data.putShort((short) 0x3C00).putShort((short) 0x0001).putShort((short) 0xFC00); // F16: 1, 2^-24, -inf
        data.putShort((short) 0x3F80).putShort((short) 0xC040).putShort((short) 0x0001); // BF16: 1, -3, 2^-133
        byte[] bytes = file("""
                {"b":{"dtype":"BF16","shape":[3],"data_offsets":[6,12]},"a":{"dtype":"F16","shape":[1,3],"data_offsets":[0,6]}}""", data.array());
        try (SafetensorsFile file = SafetensorsFile.decode(bytes)) {
            assertEquals(List.of("a", "b"), List.copyOf(file.tensors().keySet()), "in the order of their bytes");
            assertEquals(List.of(1, 3), file.read("a").shape());
            assertArrayEquals(
                    new float[] {1, 0x1p-24f, Float.NEGATIVE_INFINITY},
                    file.read("a").values());
            assertArrayEquals(new float[] {1, -3, 0x1p-133f}, file.read("b").values());
        }
    }

    @Test
    void readsAMisalignedTensorOfAMappedFile() throws IOException {
        byte[] data = ByteBuffer.allocate(5)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put((byte) 1)
                .putFloat(0.1f)
                .array();
        String json = """
                {"flag":{"dtype":"BOOL","shape":[1],"data_offsets":[0,1]},"x":{"dtype":"F32","shape":[],"data_offsets":[1,5]}}""";
        Path path = Files.write(dir.resolve("m.safetensors"), file(json, data));
        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            assertEquals(List.of(), file.read("x").shape());
            assertArrayEquals(new float[] {0.1f}, file.read("x").values());
            assertInvalidModel("is BOOL, expected F32, F16 or BF16", () -> file.read("flag"));
            assertInvalidModel("has no tensor 'y'", () -> file.read("y"));
        }
    }

    @Test
    void refusesWhatIsNotAFile() {
        assertInvalidModel(dir + " is not a file", () -> SafetensorsFile.open(dir));
    }

    @Test
    void readsItsOwnWriting() {
        HostTensor tensor = HostTensor.matrix(2, 2, new float[] {1, -2, Float.MIN_VALUE, Float.NaN});
        Path path = dir.resolve("own.safetensors");
        SafetensorsWriter.write(path, new TreeMap<>(Map.of("w", tensor)), DType.F32, Map.of("k", "v"));
        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            assertEquals(Map.of("k", "v"), file.metadata());
            assertArrayEquals(tensor.values(), file.read("w").values());
        }
    }

    private static byte[] file(String json, int dataBytes) {
        return file(json, new byte[dataBytes]);
    }

    private static byte[] file(String json, byte[] data) {
        byte[] header = json.getBytes(UTF_8);
        return ByteBuffer.allocate(8 + header.length + data.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(header.length)
                .put(header)
                .put(data)
                .array();
    }
}
