package io.livegraft.gpu.model;

import static io.livegraft.gpu.Refusals.assertInvalidModel;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.livegraft.gpu.quantization.BlockTensor;
import io.livegraft.gpu.quantization.QuantizedTensor;
import io.livegraft.gpu.quantization.RowTensor;
import io.livegraft.gpu.quantization.Scales;
import io.livegraft.gpu.safetensors.DType;
import io.livegraft.gpu.tensor.Precision;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On a base that a separate program wrote, each linear layer in another of the layouts; see SOURCE.txt beside it. */
class BitsAndBytesTensorsTest {
    private static final String LAYER = "model.layers.0.";
    private static final String Q = LAYER + "self_attn.q_proj.weight";
    private static final String V = LAYER + "self_attn.v_proj.weight";
    private static final String O = LAYER + "self_attn.o_proj";
    private static final String GATE = LAYER + "mlp.gate_proj.weight";
    private static final String STATE = ".quant_state.bitsandbytes__nf4";

    @TempDir
    Path dir;

    private Path source = Path.of("");

    @BeforeEach
    void copyTheBase() throws IOException, URISyntaxException {
        source = Path.of(Objects.requireNonNull(BitsAndBytesTensorsTest.class.getResource("/bitsandbytes/base"))
                .toURI());
        for (String name : new String[] {"config.json", "model.safetensors"}) {
            Files.copy(source.resolve(name), dir.resolve(name));
        }
    }

    @Test
    void decodesEveryLayoutToTheBitsOfTheSeparateProgram() throws IOException, NoSuchAlgorithmException {
        ModelDirectory base = ModelDirectory.open(dir);
        JsonNode expected =
                new JsonMapper().readTree(source.resolve("expected.json").toFile());
        for (Map.Entry<String, JsonNode> weight : expected.properties()) {
            assertEquals(
                    weight.getValue().asText().replace("sha256:", ""),
                    sha256(base.tensor(weight.getKey()).values()),
                    weight.getKey());
        }
        assertEquals(6, expected.size());
    }

    @Test
    void saysWhatEachWeightIsStoredAs() {
        ModelDirectory base = ModelDirectory.open(dir);
        assertTrue(base.quantized());
        assertEquals(Precision.NF4, base.precision());
        BlockTensor q = assertInstanceOf(BlockTensor.class, quantized(base, Q));
        assertEquals(64, q.blockSize());
        assertInstanceOf(Scales.Nested.class, q.scales());
        assertEquals(Precision.FP4, quantized(base, V).precision());
        assertInstanceOf(RowTensor.class, quantized(base, O + ".weight"));
        assertEquals(
                128, assertInstanceOf(BlockTensor.class, quantized(base, GATE)).blockSize());
        assertEquals(
                Precision.NF4_SINGLE,
                quantized(base, LAYER + "mlp.down_proj.weight").precision());
        assertEquals(Optional.empty(), base.quantizedTensor(LAYER + "mlp.up_proj.weight"));
        assertEquals(DType.BF16, base.dtype(Q));
        assertFalse(ModelDirectory.open(TinyBase.withConfig(dir.resolve("plain"), TinyBase.CONFIG))
                .quantized());
    }

    private static QuantizedTensor quantized(ModelDirectory base, String name) {
        return base.quantizedTensor(name).orElseThrow();
    }

    @Test
    void refusesMissingCompanionsByName() throws IOException {
        for (String part : new String[] {".absmax", ".quant_map", ".nested_absmax", ".nested_quant_map"}) {
            refused(header -> rename(header, Q + part, "x"), "tensor '" + Q + part + "' is missing");
        }
        refused(header -> rename(header, Q + STATE, "x"), "tensor '" + Q + STATE + "' or __fp4 is missing");
        refused(header -> rename(header, O + ".SCB", "x"), "tensor '" + O + ".SCB' is missing");
        refused(
                header -> rename(header, GATE + ".quant_type", "x"),
                "tensor '" + GATE + STATE + "' or __fp4 is missing");
        refused(header -> rename(header, GATE + ".blocksize", "x"), "'" + GATE + ".blocksize' is not a power of two");
        refused(header -> rename(header, Q, "x"), "tensor '" + Q + "' is missing, but there is");
    }

    @Test
    void refusesExtraCompanionsByName() throws IOException {
        refused(
                header -> rename(header, Q + ".nested_absmax", V + ".nested_absmax"),
                "tensor '" + Q + ".nested_absmax' is missing");
        refused(
                header -> rename(header, LAYER + "input_layernorm.weight", V + ".nested_absmax"),
                "'" + V + ".nested_absmax' is there, but its quant_state has no nested_offset");
        refused(
                header -> rename(header, O + ".weight_format", Q + ".other"),
                "has tensor '" + Q + ".other', which its architecture does not use");
        refused(header -> rename(header, GATE + ".shape", Q + ".shape"), "'" + GATE + ".shape' is not [rows, columns]");
    }

    @Test
    void refusesTypesAndSizesThatDoNotFitByName() throws IOException {
        refused(
                header -> type(header, Q + ".absmax", "I8"),
                "'" + Q + ".absmax' is I8 of shape [9], expected U8 with 9");
        refused(
                header -> type(header, V + ".quant_map", "I32"),
                "'" + V + ".quant_map' is I32 of shape [16], expected F32");
        refused(header -> type(header, Q, "I8"), "tensor '" + Q + "' is I8 with 288 bytes, expected U8, BF16");
        refused(header -> type(header, O + ".weight", "U8"), "tensor '" + O + ".weight' is");
        refused(
                header -> type(header, GATE + ".blocksize", "U64"),
                "'" + GATE + ".blocksize' is U64, expected I64 or F32");
        refused(header -> type(header, Q + STATE, "I8"), "'" + Q + STATE + "' is I8");
    }

    @Test
    void refusesAStateThatIsNotJsonOrContradicts() throws IOException {
        replaced("\"blocksize\": 64, \"dtype\": \"bfloat16\", \"shape\": [24, 24]", "\"blocksize\": 48", "blocksize");
        replaced("\"shape\": [24, 24]", "\"shape\": [12, 48]", "'" + Q + "' has shape [12, 48], expected [24, 24]");
        replaced("\"shape\": [24, 24]", "\"shape\": [24, 26]", "is U8 with 288 bytes");
        replaced("\"shape\": [24, 24]", "\"shape\": [24]    ", "shape that is not [rows, columns]");
        replaced("\"nested_offset\": ", "\"nested_offsee\": ", "nested_offset that is not a finite number");
        replaced("{\"quant_type\": \"nf4\"", "{\"quant_type\": nf4  ", "is not valid JSON");
        replaced("{\"quant_type\": \"nf4\"", "{\"quant_type\": \"fp4\"", "says quant_type fp4");
        replaced("{\"quant_type\": \"nf4\"", "{\"quant_type\": \"af4\"", "quant_type that is not \"nf4\" or \"fp4\"");
        replaced("\"dtype\": \"bfloat16\"", "\"dtype\": \"bfloat17\"", "dtype that is not");
    }

    @Test
    void refusesScalesThatAreNotFiniteWhenTheyAreRead() throws IOException {
        overwrite(V + ".absmax", new byte[] {0, 0, (byte) 0xC0, 0x7F});
        ModelDirectory base = ModelDirectory.open(dir);
        assertInvalidModel("'" + V + ".absmax' has NaN at 0, expected finite values", () -> base.tensor(V));
    }

    @Test
    void refusesRowsInAnotherOrder() throws IOException {
        overwrite(O + ".weight_format", new byte[] {1});
        assertInvalidModel("'" + O + ".weight_format' is 1, expected 0", () -> ModelDirectory.open(dir));
    }

    /** Replaces text of the first state, spaces making up for what is shorter, and expects a refusal. */
    private void replaced(String old, String with, String reason) throws IOException {
        byte[] original = Files.readAllBytes(source.resolve("model.safetensors"));
        byte[] bytes = original.clone();
        String text = new String(original, StandardCharsets.ISO_8859_1);
        int state = text.indexOf(
                "{\"quant_type\": \"nf4\", \"blocksize\": 64, \"dtype\": \"bfloat16\", \"shape\": [24, 24]");
        int at = text.indexOf(old, state);
        Arrays.fill(bytes, at, at + old.length(), (byte) ' ');
        System.arraycopy(with.getBytes(StandardCharsets.ISO_8859_1), 0, bytes, at, with.length());
        Files.write(dir.resolve("model.safetensors"), bytes);
        assertInvalidModel(reason, () -> ModelDirectory.open(dir));
    }

    private void refused(Consumer<ObjectNode> change, String reason) throws IOException {
        byte[] original = Files.readAllBytes(source.resolve("model.safetensors"));
        int length = headerLength(original);
        ObjectNode header = (ObjectNode) new JsonMapper().readTree(original, 8, length);
        change.accept(header);
        byte[] json = new JsonMapper().writeValueAsBytes(header);
        ByteBuffer changed = ByteBuffer.allocate(8 + json.length + original.length - 8 - length)
                .order(ByteOrder.LITTLE_ENDIAN);
        changed.putLong(json.length).put(json).put(original, 8 + length, original.length - 8 - length);
        Files.write(dir.resolve("model.safetensors"), changed.array());
        assertInvalidModel(reason, () -> ModelDirectory.open(dir));
    }

    private static void rename(ObjectNode header, String from, String to) {
        header.set(to, header.remove(from));
    }

    private static void type(ObjectNode header, String name, String type) {
        ((ObjectNode) header.path(name)).put("dtype", type);
    }

    private void overwrite(String name, byte[] with) throws IOException {
        byte[] bytes = Files.readAllBytes(source.resolve("model.safetensors"));
        int length = headerLength(bytes);
        int begin = new JsonMapper()
                .readTree(bytes, 8, length)
                .path(name)
                .path("data_offsets")
                .path(0)
                .asInt();
        System.arraycopy(with, 0, bytes, 8 + length + begin, with.length);
        Files.write(dir.resolve("model.safetensors"), bytes);
    }

    private static int headerLength(byte[] file) {
        return (int) ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong();
    }

    private static String sha256(float[] values) throws NoSuchAlgorithmException {
        ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        for (float value : values) {
            bytes.putFloat(value + 0f);
        }
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes.array()));
    }
}
