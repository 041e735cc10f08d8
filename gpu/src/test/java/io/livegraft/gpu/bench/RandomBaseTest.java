package io.livegraft.gpu.bench;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.cpu.VectorBackend;
import io.livegraft.gpu.lora.LoraAdapter;
import io.livegraft.gpu.lora.LoraConfig;
import io.livegraft.gpu.model.ModelConfig;
import io.livegraft.gpu.quality.Footprint;
import io.livegraft.gpu.quality.ModelShape;
import io.livegraft.gpu.tensor.Precision;
import io.livegraft.gpu.transformer.Feed;
import io.livegraft.gpu.transformer.NextLogits;
import io.livegraft.gpu.transformer.Segment;
import io.livegraft.gpu.transformer.Transformer;
import io.livegraft.gpu.transformer.TransformerWeights;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RandomBaseTest {
    private static final ModelConfig TINY = ModelShape.TINY.config();

    @Test
    void theSameShapeIsTheSameBase() {
        assertArrayEquals(logits(), logits());
    }

    @Test
    void itsLogitsAreNeitherFlatNorWithoutBounds() {
        double[] logits = new double[1024];
        float[] values = logits();
        Arrays.setAll(logits, i -> values[i]);
        double variance = Arrays.stream(logits).map(x -> x * x).average().orElseThrow();
        assertTrue(variance > 0.1 && variance < 10, "variance " + variance);
    }

    @Test
    void linearLayersAreQuantized() {
        try (Backend backend = new VectorBackend(1)) {
            Footprint footprint = Footprint.of(RandomBase.weights(backend, TINY, Precision.NF4));
            assertEquals(4.13, footprint.bitsPerWeight(), 0.05);
        }
    }

    @Test
    void anAdapterHasNoZeroSide() {
        LoraAdapter adapter = RandomBase.adapter(new LoraConfig(2, 2, false, LoraConfig.ALL_LINEAR), TINY, 7);
        adapter.tensors()
                .forEach((name, tensor) ->
                        assertFalse(Arrays.equals(new float[tensor.values().length], tensor.values()), name));
    }

    private static float[] logits() {
        try (Backend backend = new VectorBackend(2)) {
            TransformerWeights weights = RandomBase.weights(backend, TINY, Precision.NF4);
            Transformer transformer = new Transformer(backend, weights);
            int[] prompt = RandomBase.tokens(TINY, 6, 3);
            Segment segment = Segment.prefill(prompt, 0, transformer.allocateKvCache(6), Optional.empty());
            float[][] last = new float[1][];
            var reader = new Feed.Last(next -> last[0] = next.logits().clone());
            new NextLogits(backend, transformer).feed(List.of(new Feed(segment, reader)));
            return last[0];
        }
    }
}
