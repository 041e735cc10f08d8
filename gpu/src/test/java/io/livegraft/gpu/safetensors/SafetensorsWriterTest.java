package io.livegraft.gpu.safetensors;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.livegraft.gpu.SharedFiles;
import io.livegraft.gpu.safetensors.SafetensorsLayout.Spec;
import io.livegraft.gpu.tensor.HostTensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsWriterTest {
    @TempDir
    Path dir;

    @Test
    void writesWhatTheReferenceLibraryWroteByteForByte() throws IOException {
        Path original = SharedFiles.require("vectors/adapters/qwen2.5-0.5b-lora/adapter_model.safetensors");
        try (SafetensorsFile file = SafetensorsFile.open(original)) {
            SequencedMap<String, HostTensor> tensors = new LinkedHashMap<>();
            file.tensors().forEach((name, info) -> tensors.put(name, file.read(name)));
            assertArrayEquals(
                    Files.readAllBytes(original),
                    SafetensorsWriter.encode(tensors, DType.F32, SafetensorsWriter.PYTORCH));
        }
    }

    /** The reference library's own examples: zeros of type I32, with F16 behind them in the third. */
    @TestFactory
    Stream<DynamicTest> savesAsTheReferenceLibraryDoesByteForByte() throws IOException {
        Path vectors = SharedFiles.require("vectors/safetensors/safetensors_vectors.json");
        Spec i32 = new Spec(DType.I32, List.of(2L, 2L));
        Spec f16 = new Spec(DType.F16, List.of(2L, 2L));
        List<SafetensorsLayout> layouts = List.of(
                SafetensorsLayout.sorted(Map.of("test", i32), Map.of()),
                SafetensorsLayout.sorted(Map.of("test1", i32), Map.of("framework", "pt")),
                SafetensorsLayout.sorted(Map.of("test2", f16, "test1", i32), Map.of()));
        List<JsonNode> saved = new JsonMapper()
                .readTree(vectors.toFile())
                .path("cases")
                .valueStream()
                .filter(one -> one.path("expect").asText().equals("save-output"))
                .toList();
        assertEquals(layouts.size(), saved.size());
        return IntStream.range(0, saved.size())
                .mapToObj(i -> DynamicTest.dynamicTest(saved.get(i).path("test").asText(), () -> {
                    Path file = dir.resolve("saved");
                    SafetensorsOutput.write(file, layouts.get(i), output -> {
                        for (Map.Entry<String, TensorInfo> one :
                                layouts.get(i).tensors().entrySet()) {
                            byte[] zeros = new byte[(int) one.getValue().bytes()];
                            output.put(one.getKey(), MemorySegment.ofArray(zeros));
                        }
                    });
                    assertEquals(
                            saved.get(i).path("hex").asText(), HexFormat.of().formatHex(Files.readAllBytes(file)));
                    assertEquals(Files.size(file), layouts.get(i).bytes());
                }));
    }

    @Test
    void anOutputMissesNoTensorAndTakesNoneTwice() {
        SafetensorsLayout layout = SafetensorsLayout.sorted(Map.of("a", new Spec(DType.U8, List.of(2L))), Map.of());
        Path file = dir.resolve("o");
        MemorySegment two = MemorySegment.ofArray(new byte[2]);
        assertThrows(IllegalStateException.class, () -> SafetensorsOutput.write(file, layout, output -> {}));
        assertThrows(
                IllegalArgumentException.class,
                () -> SafetensorsOutput.write(file, layout, output -> output.put("a", two.asSlice(1))));
        assertThrows(
                IllegalArgumentException.class,
                () -> SafetensorsOutput.write(file, layout, output -> {
                    output.put("a", two);
                    output.put("a", two);
                }));
        assertFalse(Files.exists(file));
    }

    @Test
    void keepsTheGivenOrderAndPadsTheHeaderWithSpaces() {
        SequencedMap<String, HostTensor> tensors = new LinkedHashMap<>();
        tensors.put("z", HostTensor.vector(new float[] {1}));
        tensors.put("a", HostTensor.matrix(1, 2, new float[] {2, 3}));
        byte[] bytes = SafetensorsWriter.encode(tensors, DType.F32, Map.of());
        int header = (int) ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
        assertEquals(0, header % 8);
        assertEquals("""
                {"z":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1,2],"data_offsets":[4,12]}}""", new String(bytes, 8, header, UTF_8).stripTrailing());
        assertEquals(8 + header + 12, bytes.length);
    }

    @Test
    void writesBfloat16ThatReadsBackAsItsRounding() {
        SequencedMap<String, HostTensor> tensors = new LinkedHashMap<>();
        tensors.put("w", HostTensor.vector(new float[] {1, 3.1415927f, -0.1f}));
        byte[] bytes = SafetensorsWriter.encode(tensors, DType.BF16, SafetensorsWriter.PYTORCH);
        try (SafetensorsFile file = SafetensorsFile.decode(bytes)) {
            assertArrayEquals(
                    new float[] {1, 3.140625f, -0x1.9ap-4f}, file.read("w").values());
        }
    }

    @Test
    void writesMoreThanOneChunk() {
        float[] values = new float[100_003];
        for (int i = 0; i < values.length; i++) {
            values[i] = i;
        }
        SequencedMap<String, HostTensor> tensors = new LinkedHashMap<>();
        tensors.put("w", HostTensor.vector(values));
        try (SafetensorsFile file = SafetensorsFile.decode(SafetensorsWriter.encode(tensors, DType.F32, Map.of()))) {
            assertArrayEquals(values, file.read("w").values());
        }
    }

    @Test
    void replacesAFileAsAWholeAndLeavesNothingBeside() throws IOException {
        Path file = dir.resolve("f");
        DurableFile.write(file, new byte[] {1, 2, 3});
        DurableFile.write(file, new byte[] {4});
        assertArrayEquals(new byte[] {4}, Files.readAllBytes(file));
        try (Stream<Path> files = Files.list(dir)) {
            assertEquals(List.of(file), files.toList());
        }
    }

    @Test
    void keepsTheOldFileWhenWritingTheNewOneFails() throws IOException {
        Path file = dir.resolve("f");
        DurableFile.write(file, new byte[] {1});
        assertThrows(
                UncheckedIOException.class,
                () -> DurableFile.write(file, out -> {
                    out.write(2);
                    throw new IOException("disk full");
                }));
        assertArrayEquals(new byte[] {1}, Files.readAllBytes(file));
        try (Stream<Path> files = Files.list(dir)) {
            assertEquals(List.of(file), files.toList());
        }
    }

    @Test
    void refusesATypeItDoesNotWrite() {
        assertThrows(
                IllegalArgumentException.class,
                () -> SafetensorsWriter.encode(new LinkedHashMap<>(), DType.F16, Map.of()));
    }
}
