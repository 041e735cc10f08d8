package io.livegraft.gpu.model;

import static io.livegraft.gpu.Refusals.assertInvalidModel;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.quantization.Codebook;
import io.livegraft.gpu.quantization.QuantizationFormat;
import io.livegraft.gpu.quantization.QuantizationFormat.Blocks;
import io.livegraft.gpu.quantization.QuantizationFormat.Rows;
import io.livegraft.gpu.safetensors.DType;
import io.livegraft.gpu.safetensors.SafetensorsFile;
import io.livegraft.gpu.tensor.HostTensor;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class QuantizedBaseTest {
    private static final String DOWN = "model.layers.1.mlp.down_proj.weight";

    @TempDir
    Path temp;

    private Path dense = Path.of("");

    static Stream<QuantizationFormat> formats() {
        return Stream.of(
                new Blocks(Codebook.NF4, 64, true),
                new Blocks(Codebook.NF4, 32, false),
                new Blocks(Codebook.FP4, 4096, true),
                new Blocks(Codebook.FP4, 64, false),
                new Rows());
    }

    @BeforeEach
    void writeADenseBase() throws IOException {
        dense = TinyBase.withConfig(temp.resolve("dense"), TinyBase.CONFIG);
        Files.writeString(dense.resolve("tokenizer.json"), "{\"version\":\"1.0\"}");
        SequencedMap<String, HostTensor> tensors =
                TinyBase.tensors(ModelDirectory.open(dense).config(), 7);
        ModelDirectory.write(dense, dense, tensors, DType.BF16);
    }

    private ModelDirectory write(String name, ModelDirectory base, QuantizationFormat format) {
        QuantizedBase.write(temp.resolve(name), base, format, (tensor, done, total) -> {});
        return ModelDirectory.open(temp.resolve(name));
    }

    @ParameterizedTest
    @MethodSource("formats")
    void readingItGivesTheBitsOfQuantizingWhileLoading(QuantizationFormat format) {
        ModelDirectory base = ModelDirectory.open(dense);
        ModelDirectory written = write("quantized", base, format);
        for (String name : base.expectedTensors().keySet()) {
            HostTensor expected = name.endsWith("_proj.weight")
                    ? format.quantize(base.tensor(name)).dequantize()
                    : base.tensor(name);
            assertArrayEquals(expected.values(), written.tensor(name).values(), name);
            if (format instanceof Blocks) {
                assertEquals(DType.BF16, written.dtype(name), "before it was quantized");
            }
        }
        assertEquals(format.precision(), written.precision());
    }

    @ParameterizedTest
    @MethodSource("formats")
    void writingWhatWasReadGivesTheSameFiles(QuantizationFormat format) throws IOException {
        ModelDirectory first = write("first", ModelDirectory.open(dense), format);
        write("second", first, format);
        for (String name : List.of("model.safetensors", "config.json", "tokenizer.json")) {
            assertEquals(
                    -1,
                    Files.mismatch(
                            temp.resolve("first").resolve(name),
                            temp.resolve("second").resolve(name)),
                    name);
        }
    }

    @Test
    void doesNotQuantizeTwiceNorOverTheBaseItself() {
        QuantizationFormat format = new Blocks(Codebook.NF4, 64, true);
        write("quantized", ModelDirectory.open(dense), format);
        Path written = temp.resolve("quantized");
        assertThrows(
                LivegraftException.class,
                () -> write("twice", ModelDirectory.open(written), new Blocks(Codebook.FP4, 64, true)));
        assertThrows(LivegraftException.class, () -> write("quantized", ModelDirectory.open(written), format));
    }

    @Test
    void hasTheTensorsAndTheConfigThatTransformersLooksFor() throws IOException {
        write("quantized", ModelDirectory.open(dense), new Blocks(Codebook.NF4, 64, true));
        try (SafetensorsFile file = SafetensorsFile.open(temp.resolve("quantized/model.safetensors"))) {
            assertEquals(
                    List.of(48L, 1L),
                    Objects.requireNonNull(file.tensors().get(DOWN)).shape());
            List<String> parts = new ArrayList<>(file.tensors().keySet());
            parts.removeIf(name -> !name.startsWith(DOWN));
            assertEquals(
                    List.of(
                            DOWN + ".nested_absmax",
                            DOWN + ".nested_quant_map",
                            DOWN + ".quant_map",
                            DOWN,
                            DOWN + ".absmax",
                            DOWN + ".quant_state.bitsandbytes__nf4"),
                    parts);
            byte[] json = file.bytes(DOWN + ".quant_state.bitsandbytes__nf4").toArray(ValueLayout.JAVA_BYTE);
            JsonNode state = new JsonMapper().readTree(new String(json, StandardCharsets.UTF_8));
            assertEquals(
                    "{\"quant_type\":\"nf4\",\"blocksize\":64,\"dtype\":\"bfloat16\",\"shape\":[8,12],\"nested_blocksize\":256,"
                            + "\"nested_dtype\":\"float32\",\"nested_offset\":" + state.path("nested_offset") + "}",
                    state.toString());
            assertEquals(2L * 16 * 8, file.bytes("model.embed_tokens.weight").byteSize(), "16 bits as before");
        }
        JsonNode config = new JsonMapper()
                .readTree(temp.resolve("quantized/config.json").toFile())
                .path("quantization_config");
        assertEquals("bitsandbytes", config.path("quant_method").asText());
        assertTrue(config.path("load_in_4bit").asBoolean());
        assertEquals("nf4", config.path("bnb_4bit_quant_type").asText());
        assertTrue(config.path("bnb_4bit_use_double_quant").asBoolean());
        assertEquals("bfloat16", config.path("bnb_4bit_compute_dtype").asText());
    }

    @Test
    void saysWhatItWroteAndTellsOfEveryTensor() throws IOException {
        List<String> told = new ArrayList<>();
        QuantizedBase.Written written = QuantizedBase.write(
                temp.resolve("q"),
                ModelDirectory.open(dense),
                new Rows(),
                (name, done, total) -> told.add(done + "/" + total));
        assertEquals(Files.size(temp.resolve("q/model.safetensors")), written.fileBytes());
        assertEquals(2 * (2 * 8 * 8 + 2 * 4 * 8 + 3 * 8 * 12), written.weights());
        assertEquals(20, told.size());
        assertEquals("20/20", told.getLast());
        assertFalse(told.contains("0/20"));
    }

    @Test
    void aDenseBaseWrittenFromAQuantizedOneNoLongerSaysItIs() throws IOException {
        ModelDirectory quantized = write("quantized", ModelDirectory.open(dense), new Rows());
        SequencedMap<String, HostTensor> tensors = TinyBase.tensors(quantized.config(), 7);
        ModelDirectory.write(temp.resolve("trained"), quantized.path(), tensors, DType.F32);
        assertFalse(Files.readString(temp.resolve("trained/config.json")).contains("quantization_config"));
        assertFalse(ModelDirectory.open(temp.resolve("trained")).quantized());
    }

    @Test
    void aDirectoryThatWasCutOffHasNoConfig() throws IOException {
        Path broken = TinyBase.withConfig(temp.resolve("broken"), TinyBase.CONFIG);
        SequencedMap<String, HostTensor> tensors =
                TinyBase.tensors(ModelDirectory.open(broken).config(), 7);
        Objects.requireNonNull(tensors.get(DOWN)).values()[3] = Float.NaN;
        ModelDirectory.write(broken, broken, tensors, DType.F32);
        assertInvalidModel(
                "weight 3 is NaN", () -> write("cut", ModelDirectory.open(broken), new Blocks(Codebook.NF4, 64, true)));
        try (Stream<Path> files = Files.list(temp.resolve("cut"))) {
            assertEquals(List.of(), files.toList());
        }
    }
}
