package io.livegraft.gpu.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.livegraft.gpu.SharedFiles;
import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.Phase;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.cpu.DecodeActivations;
import io.livegraft.gpu.cpu.KernelChoice;
import io.livegraft.gpu.cpu.PromptActivations;
import io.livegraft.gpu.device.Device;
import io.livegraft.gpu.device.DeviceSettings;
import io.livegraft.gpu.generation.GenerationDelta;
import io.livegraft.gpu.generation.Sampler;
import io.livegraft.gpu.generation.SamplingSettings;
import io.livegraft.gpu.model.ModelDirectory;
import io.livegraft.gpu.tensor.Precision;
import io.livegraft.gpu.training.TrainingExample;
import io.livegraft.gpu.transformer.GradientCheckpointing;
import io.livegraft.gpu.transformer.Segment;
import io.livegraft.gpu.transformer.Transformer;
import io.livegraft.gpu.transformer.TransformerWeights;
import io.livegraft.gpu.weightcache.WeightCacheSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** A trained model against an independent float64 forward pass of the same weights. */
class Stories260kParityTest {
    private static final String STORY =
            "Tim had a small red boat. He liked to play with it in the bath. One day, the boat was gone. Tim was sad. "
                    + "He looked under his bed and in the big box. Then his sister Anna came in with a smile. She said, "
                    + "\"I found your boat in the garden!\" Tim was so happy. They went to the pond to play together.";

    private final Path base = SharedFiles.require("models/stories260k");
    private final JsonNode golden = read(base.resolve("golden.json"));

    @Test
    void greedyTextInFloat32IsTheGoldenOneToTheLastCharacter() {
        try (Engine engine = open(Precision.FP32, 2)) {
            assertEquals(golden.get("greedy_text").textValue(), greedy(engine));
        }
    }

    @Test
    void logitsAfterBosAreTheIndependentOnesAndSoIsTheLikeliestTokenEverywhere() {
        try (Backend backend = device(2).backend()) {
            ModelDirectory directory = ModelDirectory.open(base);
            Transformer transformer =
                    new Transformer(backend, TransformerWeights.frozen(backend, directory, Precision.FP32));
            Segment segment = Segment.whole(ids(), Optional.empty(), OptionalLong.empty());
            Tensor hidden = transformer.infer(List.of(segment)).hidden();
            double[] expected = new ObjectMapper().convertValue(golden.get("logits_after_bos"), double[].class);
            int[] likeliest = new ObjectMapper().convertValue(golden.get("argmax_every_pos"), int[].class);
            for (int n = 0; n < likeliest.length; n++) {
                float[] logits = new float[expected.length];
                backend.download(logits, transformer.logits(backend.rows(hidden, n, 1), Phase.TRAINING));
                if (n == 0) {
                    for (int v = 0; v < logits.length; v++) {
                        assertEquals(expected[v], logits[v], 1e-4, "logit " + v);
                    }
                }
                assertEquals(likeliest[n], new Sampler(SamplingSettings.greedy(1)).next(logits), "position " + n);
            }
        }
    }

    @Test
    void meanLossOfTheGoldenIdsIsTheIndependentOne() {
        try (Engine engine = open(Precision.FP32, 1)) {
            assertEquals(golden.get("mean_nll_of_greedy_ids").doubleValue(), nll(engine, ids()), 1e-5);
        }
    }

    /** Measured with an independent float64 program and plain NF4 (no double quantization): 0.59334. */
    @Test
    void fourBitLossOfTheGoldenIdsIsTheIndependentOne() {
        try (Engine engine = open(Precision.NF4, 2)) {
            assertEquals(0.59334, nll(engine, ids()), 0.005 * 0.59334);
        }
    }

    @Test
    void fourBitLossOfAnOrdinaryStoryStaysWithinFifteenPercent() {
        try (Engine full = open(Precision.FP32, 2);
                Engine half = open(Precision.BF16, 2);
                Engine quantized = open(Precision.NF4, 2)) {
            int[] story = full.tokenizer().encode(STORY);
            double reference = nll(full, story);
            assertEquals(reference, nll(half, story), 0.01 * reference);
            assertEquals(reference, nll(quantized, story), 0.15 * reference);
        }
    }

    private int[] ids() {
        return new ObjectMapper().convertValue(golden.get("greedy_ids"), int[].class);
    }

    private static double nll(Engine engine, int[] ids) {
        return engine.evaluate(Optional.empty(), List.of(new TrainingExample(ids, 1)))
                .finish();
    }

    private static String greedy(Engine engine) {
        StringBuilder text = new StringBuilder();
        int[] prompt = engine.tokenizer().encode("");
        try (Generation generation = engine.admit(prompt, SamplingSettings.greedy(200), Optional.empty())) {
            List<GenerationDelta> deltas = new ArrayList<>();
            while (!generation.finished()) {
                engine.advance(List.of(Advance.whole(generation))).forEach(delta -> delta.ifPresent(deltas::add));
            }
            deltas.forEach(delta -> text.append(delta.text()));
        }
        return text.toString();
    }

    /** What an engine of so many threads computes on. */
    Device device(int threads) {
        return TestingEngine.cpu(threads, KernelChoice.AUTO);
    }

    private Engine open(Precision precision, int threads) {
        return Engine.open(
                new EngineSettings(
                        base,
                        Optional.of(precision),
                        Optional.empty(),
                        new DeviceSettings.Cpu(),
                        threads,
                        4,
                        0,
                        new KvCacheSettings(64 << 20, 64, true),
                        256,
                        Optional.of(GradientCheckpointing.NONE),
                        KernelChoice.AUTO,
                        DecodeActivations.AUTO,
                        PromptActivations.AUTO,
                        WeightCacheSettings.OFF),
                () -> device(threads));
    }

    private static JsonNode read(Path file) {
        try {
            return new ObjectMapper().readTree(file.toFile());
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
