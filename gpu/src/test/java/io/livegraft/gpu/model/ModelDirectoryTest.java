package io.livegraft.gpu.model;

import static io.livegraft.gpu.Refusals.assertInvalidModel;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.SharedFiles;
import io.livegraft.gpu.safetensors.DType;
import io.livegraft.gpu.safetensors.SafetensorsWriter;
import io.livegraft.gpu.tensor.HostTensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelDirectoryTest {
    private static final String DOWN = "model.layers.1.mlp.down_proj.weight";

    @TempDir
    Path temp;

    private Path dir = Path.of("");
    private SequencedMap<String, HostTensor> tensors = new LinkedHashMap<>();

    @BeforeEach
    void makeATinyBase() {
        dir = TinyBase.withConfig(temp.resolve("tiny"), TinyBase.CONFIG);
        tensors = TinyBase.tensors(ModelDirectory.open(dir).config(), 7);
    }

    private void writeWeights() {
        SafetensorsWriter.write(dir.resolve("model.safetensors"), tensors, DType.F32, Map.of());
    }

    @Test
    void readsTheBundledStoriesBase() {
        ModelDirectory model = ModelDirectory.open(SharedFiles.require("models/stories260k"));
        assertEquals(
                new ModelConfig(64, 172, 5, 8, 4, 8, 512, 512, 1e-5f, 10_000, true, 1, List.of(2)), model.config());
        assertEquals("stories260k", model.name());
        long parameters = model.expectedTensors().keySet().stream()
                .mapToLong(name -> model.tensor(name).values().length)
                .sum();
        assertEquals(260_032, parameters);
    }

    @Test
    void readsTheValuesThatWereWritten() {
        writeWeights();
        ModelDirectory model = ModelDirectory.open(dir);
        assertTrue(model.hasWeights());
        assertEquals("tiny", model.name());
        assertEquals(
                List.copyOf(tensors.keySet()),
                List.copyOf(model.expectedTensors().keySet()));
        tensors.forEach((name, tensor) ->
                assertArrayEquals(tensor.values(), model.tensor(name).values(), name));
    }

    @Test
    void opensADirectoryThatIsYetToBeTrained() {
        ModelDirectory model = ModelDirectory.open(dir);
        assertFalse(model.hasWeights());
        assertInvalidModel("has no tensor '" + DOWN + "'", () -> model.tensor(DOWN));
    }

    @Test
    void namesTheDirectoryThatIsNoModel() throws IOException {
        Path absent = temp.resolve("absent");
        assertInvalidModel("model directory " + absent + " does not exist", () -> ModelDirectory.open(absent));
        Path empty = Files.createDirectory(temp.resolve("empty"));
        assertInvalidModel("model directory " + empty + " has no config.json", () -> ModelDirectory.open(empty));
    }

    @Test
    void refusesAMissingTensorByName() {
        tensors.remove(DOWN);
        writeWeights();
        assertInvalidModel(
                "has no tensor '" + DOWN + "', expected one of shape [8, 12]", () -> ModelDirectory.open(dir));
    }

    @Test
    void refusesAMisshapenTensorByName() {
        tensors.put(DOWN, HostTensor.matrix(12, 8, new float[96]));
        writeWeights();
        assertInvalidModel("tensor '" + DOWN + "' has shape [12, 8], expected [8, 12]", () -> ModelDirectory.open(dir));
    }

    @Test
    void refusesATensorThatTheArchitectureWouldIgnore() {
        tensors.put("model.layers.0.self_attn.q_proj.bias", HostTensor.vector(new float[8]));
        writeWeights();
        assertInvalidModel("has tensor 'model.layers.0.self_attn.q_proj.bias'", () -> ModelDirectory.open(dir));
    }

    @Test
    void takesATiedHeadAndOldRotaryFrequenciesForWhatTheyAre() {
        tensors.put("lm_head.weight", HostTensor.matrix(16, 8, new float[128]));
        tensors.put("model.layers.0.self_attn.rotary_emb.inv_freq", HostTensor.vector(new float[1]));
        writeWeights();
        assertFalse(ModelDirectory.open(dir).expectedTensors().containsKey("lm_head.weight"));
    }

    @Test
    void wantsAHeadWhenItIsNotTied() {
        TinyBase.withConfig(
                dir, TinyBase.CONFIG.replace("\"tie_word_embeddings\": true", "\"tie_word_embeddings\": false"));
        writeWeights();
        assertInvalidModel("has no tensor 'lm_head.weight'", () -> ModelDirectory.open(dir));
    }

    @Test
    void readsShardsThroughTheirIndex() throws IOException {
        shard();
        ModelDirectory model = ModelDirectory.open(dir);
        tensors.forEach((name, tensor) ->
                assertArrayEquals(tensor.values(), model.tensor(name).values(), name));
        String digest = model.digest();
        Files.write(dir.resolve("b.safetensors"), new byte[] {1});
        assertNotEquals(digest, model.digest(), "the digest covers every shard");
    }

    @Test
    void refusesAShardThatIsAbsentOrElsewhereOrWithoutTheTensor() throws IOException {
        shard();
        Path index = dir.resolve("model.safetensors.index.json");
        String json = Files.readString(index);
        Files.writeString(index, json.replace("b.safetensors", "c.safetensors"));
        assertInvalidModel("is in 'c.safetensors', but there is no such file", () -> ModelDirectory.open(dir));
        Files.writeString(index, json.replace("b.safetensors", "../tiny/b.safetensors"));
        assertInvalidModel("is in '../tiny/b.safetensors', but", () -> ModelDirectory.open(dir));
        Files.writeString(index, json.replace("b.safetensors", "a.safetensors"));
        assertInvalidModel("is in a.safetensors, but it is not there", () -> ModelDirectory.open(dir));
        Files.writeString(index, "{}");
        assertInvalidModel("has weight_map missing", () -> ModelDirectory.open(dir));
    }

    private void shard() throws IOException {
        StringBuilder map = new StringBuilder();
        for (String shard : List.of("a", "b")) {
            SequencedMap<String, HostTensor> part = new LinkedHashMap<>(tensors);
            part.keySet().removeIf(name -> shard.equals("a") == name.contains(".1."));
            part.keySet().forEach(name -> map.append(",\"%s\":\"%s.safetensors\"".formatted(name, shard)));
            SafetensorsWriter.write(dir.resolve(shard + ".safetensors"), part, DType.F32, Map.of());
        }
        Files.writeString(dir.resolve("model.safetensors.index.json"), "{\"weight_map\":{" + map.substring(1) + "}}");
    }

    @Test
    void digestFollowsWeightsConfigAndTokenizerButNotTheDirectory() throws IOException {
        writeWeights();
        String digest = ModelDirectory.open(dir).digest();
        assertTrue(digest.matches("[0-9a-f]{64}"));
        Path copy = TinyBase.withConfig(temp.resolve("copy"), TinyBase.CONFIG);
        Files.copy(dir.resolve("model.safetensors"), copy.resolve("model.safetensors"));
        Files.writeString(copy.resolve("README.md"), "other");
        assertEquals(digest, ModelDirectory.open(copy).digest());
        Files.writeString(copy.resolve("tokenizer.json"), "{}");
        String withTokenizer = ModelDirectory.open(copy).digest();
        assertNotEquals(digest, withTokenizer);
        tensors.firstEntry().getValue().values()[0] += 1;
        SafetensorsWriter.write(copy.resolve("model.safetensors"), tensors, DType.F32, Map.of());
        assertNotEquals(withTokenizer, ModelDirectory.open(copy).digest());
    }

    @Test
    void writesABaseThatOpensWithTheSameValues() throws IOException {
        Files.writeString(dir.resolve("tokenizer.json"), "{\"version\":\"1.0\"}");
        Path out = temp.resolve("deep/out");
        ModelDirectory.write(out, dir, tensors, DType.F32);
        ModelDirectory written = ModelDirectory.open(out);
        tensors.forEach((name, tensor) ->
                assertArrayEquals(tensor.values(), written.tensor(name).values(), name));
        assertEquals("{\"version\":\"1.0\"}", Files.readString(out.resolve("tokenizer.json")));
    }

    @Test
    void writesBfloat16AndSaysSoInTheConfig() throws IOException {
        ModelDirectory.write(dir, dir, tensors, DType.BF16);
        assertTrue(Files.readString(dir.resolve("config.json")).contains("\"torch_dtype\" : \"bfloat16\""));
        float[] exact = tensors.firstEntry().getValue().values();
        float[] rounded =
                ModelDirectory.open(dir).tensor(tensors.firstEntry().getKey()).values();
        for (int i = 0; i < exact.length; i++) {
            assertEquals(exact[i], rounded[i], Math.abs(exact[i]) * 0x1p-8);
        }
        String digest = ModelDirectory.open(dir).digest();
        ModelDirectory.write(dir, dir, tensors, DType.BF16);
        assertEquals(digest, ModelDirectory.open(dir).digest(), "the same values make the same files");
    }

    @Test
    void doesNotWriteABaseThatCouldNotBeOpened() {
        tensors.remove(DOWN);
        assertInvalidModel(
                "tensor '" + DOWN + "' is missing", () -> ModelDirectory.write(temp, dir, tensors, DType.F32));
        tensors.put(DOWN, HostTensor.vector(new float[1]));
        assertInvalidModel("has shape [1]", () -> ModelDirectory.write(temp, dir, tensors, DType.F32));
        tensors.put(DOWN, HostTensor.matrix(8, 12, new float[96]));
        tensors.put("more", HostTensor.vector(new float[1]));
        assertInvalidModel("has no tensor 'more'", () -> ModelDirectory.write(temp, dir, tensors, DType.F32));
    }
}
