package io.livegraft.gpu.transformer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import io.livegraft.gpu.TinyFamily;
import io.livegraft.gpu.TinyModel;
import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.KvCache;
import io.livegraft.gpu.backend.Phase;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.cpu.VectorBackend;
import io.livegraft.gpu.lora.LoraAdapter;
import io.livegraft.gpu.model.ModelConfig;
import io.livegraft.gpu.tensor.ParameterLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Law 3 in the forward pass of every family: a sequence's bits are its own, whatever is packed beside it. */
class BatchCompositionTest {
    private static final int[][] SEQUENCES = {
        {1, 5, 9, 12, 10, 2}, {7}, {1, 7, 7, 3, 8, 11, 9, 4, 2}, {1, 5, 9}, {4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4}
    };

    private final Backend backend = backend();

    /** What the law is asked of. */
    Backend backend() {
        return new VectorBackend(2);
    }

    @AfterEach
    void close() {
        backend.close();
    }

    @ParameterizedTest
    @MethodSource("io.livegraft.gpu.TinyFamily#all")
    void aSequenceHasTheSameBitsAloneAndAtEveryPlaceOfABatch(TinyFamily family) {
        Transformer transformer = transformer(family.config());
        List<Segment> batch = new ArrayList<>(segments(family.config()));
        for (int turn = 0; turn < batch.size(); turn++) {
            Transformer.Tape together = transformer.infer(batch);
            for (int s = 0; s < batch.size(); s++) {
                Segment segment = batch.get(s);
                Tensor rows = backend.rows(together.hidden(), together.start(s), segment.ids().length);
                Tensor alone = transformer.infer(List.of(segment)).hidden();
                assertArrayEquals(values(alone), values(rows), 0f);
                assertArrayEquals(
                        values(transformer.logits(alone, Phase.TRAINING)),
                        values(transformer.logits(rows, Phase.TRAINING)),
                        0f);
            }
            Collections.rotate(batch, 1);
        }
    }

    @ParameterizedTest
    @MethodSource("io.livegraft.gpu.TinyFamily#all")
    void prefillAndSingleStepsHaveTheBitsOfTheWholeSequence(TinyFamily family) {
        Transformer transformer = transformer(family.config());
        for (Segment whole : segments(family.config())) {
            int[] ids = whole.ids();
            float[] expected = values(transformer.infer(List.of(whole)).hidden());
            int columns = family.config().hiddenSize();
            for (int prefill = 1; prefill <= ids.length; prefill += 2) {
                KvCache cache = transformer.allocateKvCache(ids.length);
                for (int from = 0; from < ids.length; ) {
                    int to = from == 0 ? prefill : from + 1;
                    int[] fed = Arrays.copyOfRange(ids, from, to);
                    Segment step = from == 0
                            ? Segment.prefill(fed, 0, cache, whole.adapter())
                            : Segment.decode(fed[0], from, cache, whole.adapter());
                    float[] actual = values(transformer.infer(List.of(step)).hidden());
                    assertArrayEquals(Arrays.copyOfRange(expected, from * columns, to * columns), actual, 0f);
                    from = to;
                }
            }
        }
    }

    /** Each second one with an adapter of its own. */
    private List<Segment> segments(ModelConfig config) {
        List<Segment> segments = new ArrayList<>();
        for (int s = 0; s < SEQUENCES.length; s++) {
            Optional<AdapterTensors> adapter = s % 2 == 0 ? Optional.empty() : Optional.of(adapter(config, s));
            segments.add(Segment.whole(SEQUENCES[s], adapter, OptionalLong.empty()));
        }
        return segments;
    }

    private AdapterTensors adapter(ModelConfig config, long seed) {
        LoraAdapter initial = LoraAdapter.initial(TinyModel.LORA, config, seed);
        float[] values = TinyModel.gaussian(new Random(seed), initial.layout().size(), 0.2);
        return AdapterTensors.forServing(backend, initial.withValues(values));
    }

    private Transformer transformer(ModelConfig config) {
        ParameterLayout layout = TransformerWeights.layout(config);
        Tensor weights = backend.upload(TinyModel.gaussian(new Random(3), layout.size(), 0.35), 1, layout.size());
        Tensor unused = backend.allocate(1, layout.size());
        return new Transformer(backend, TransformerWeights.trained(backend, config, weights, unused));
    }

    private float[] values(Tensor tensor) {
        float[] values = new float[tensor.rows() * tensor.columns()];
        backend.download(values, tensor);
        return values;
    }
}
