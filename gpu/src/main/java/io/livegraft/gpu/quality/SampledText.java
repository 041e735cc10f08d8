package io.livegraft.gpu.quality;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.KvCache;
import io.livegraft.gpu.backend.Phase;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.generation.Sampler;
import io.livegraft.gpu.generation.SamplingSettings;
import io.livegraft.gpu.training.TrainingExample;
import io.livegraft.gpu.transformer.Segment;
import io.livegraft.gpu.transformer.Transformer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Texts drawn from a base's own distribution, on which another's extra loss estimates their Kullback-Leibler divergence. */
final class SampledText {
    private final Backend backend;
    private final Transformer transformer;

    SampledText(Backend backend, Transformer transformer) {
        this.backend = backend;
        this.transformer = transformer;
    }

    /**
     * Texts at temperature 1, all of the same length; what follows an end of text is drawn as the base has it.
     *
     * @param start first token of each
     * @param tokens of each after the first
     */
    List<TrainingExample> draw(int start, int texts, int tokens) {
        List<TrainingExample> drawn = new ArrayList<>();
        for (int text = 0; text < texts; text++) {
            drawn.add(new TrainingExample(draw(start, tokens, (long) text), 1));
        }
        return drawn;
    }

    private int[] draw(int start, int tokens, long seed) {
        Sampler sampler = new Sampler(new SamplingSettings(tokens, 1, 1, 0, seed, List.of()));
        KvCache cache = transformer.allocateKvCache(tokens);
        int[] ids = new int[tokens + 1];
        ids[0] = start;
        float[] logits = new float[transformer.config().vocabSize()];
        for (int position = 0; position < tokens; position++) {
            Segment segment = Segment.decode(ids[position], position, cache, Optional.empty());
            Tensor hidden = transformer.infer(List.of(segment)).hidden();
            backend.download(logits, transformer.logits(hidden, Phase.DECODE));
            ids[position + 1] = sampler.next(logits);
        }
        return ids;
    }
}
