package io.livegraft.gpu.transformer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.livegraft.gpu.TinyFamily;
import io.livegraft.gpu.TinyModel;
import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.KvCache;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.cpu.VectorBackend;
import io.livegraft.gpu.generation.Sampler;
import io.livegraft.gpu.generation.SamplingSettings;
import io.livegraft.gpu.lora.LoraAdapter;
import io.livegraft.gpu.model.ModelConfig;
import io.livegraft.gpu.tensor.ParameterLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Whoever stands beside whom, a sequence's next token is drawn from its own logits, in its own place. */
class NextLogitsTest {
    private static final ModelConfig CONFIG = TinyFamily.LLAMA.config();

    private final Backend backend = new VectorBackend(2);
    private final Transformer transformer = transformer();
    private final List<Optional<AdapterTensors>> adapters =
            List.of(Optional.empty(), Optional.of(adapter(1)), Optional.of(adapter(2)));

    /** Adapters in turn, so that none has neighbours, and prompts in between. */
    @Test
    void eachSequenceHasItsOwnLogitsInItsOwnPlace() {
        List<Segment> segments = new ArrayList<>();
        for (int i = 0; i < 11; i++) {
            segments.add(segment(i));
        }
        List<NextToken> together = last(segments);
        for (int i = 0; i < segments.size(); i++) {
            NextToken expected = last(List.of(segment(i))).getFirst();
            assertArrayEquals(expected.logits(), together.get(i).logits(), 0f, "sequence " + i);
            assertEquals(expected.logSumExp(), together.get(i).logSumExp(), "sequence " + i);
        }
    }

    @Test
    void theLikeliestTokenIsTheOneThatASamplerWithoutTemperatureDraws() {
        List<Segment> segments = new ArrayList<>();
        for (int i = 0; i < 7; i++) {
            segments.add(segment(i));
        }
        List<DrawnToken> drawn = likeliest(segments);
        Sampler sampler = new Sampler(SamplingSettings.greedy(1));
        for (int i = 0; i < segments.size(); i++) {
            NextToken next = last(List.of(segment(i))).getFirst();
            int id = sampler.next(next.logits());
            assertEquals(new DrawnToken(id, next.logprob(id)), drawn.get(i), "sequence " + i);
        }
    }

    @Test
    void aTokenThatTheBackendDrawsIsTheOneThatASamplerDrawsFromItsLogits() {
        SamplingSettings settings = new SamplingSettings(9, 1.5, 0.95, 0, 4, List.of());
        List<Segment> segments = IntStream.range(0, 7).mapToObj(this::segment).toList();
        DrawnToken[] tokens = new DrawnToken[segments.size()];
        List<Feed> feeds = new ArrayList<>();
        for (int i = 0; i < tokens.length; i++) {
            int place = i;
            feeds.add(new Feed(
                    segments.get(i),
                    i % 3 == 1
                            ? new Feed.Likeliest(drawn -> tokens[place] = drawn)
                            : new Feed.Drawn(new Sampler(settings)::draw, drawn -> tokens[place] = drawn)));
        }
        new NextLogits(backend, transformer).feed(feeds);
        for (int i = 0; i < tokens.length; i++) {
            NextToken next = last(List.of(segment(i))).getFirst();
            Sampler sampler = new Sampler(i % 3 == 1 ? SamplingSettings.greedy(1) : settings);
            int id = sampler.next(next.logits());
            assertEquals(new DrawnToken(id, next.logprob(id)), tokens[i], "sequence " + i);
        }
    }

    @Test
    void everyRowIsReadInOrderAndWhatIsNotReadChangesNothing() {
        int[] ids = IntStream.range(0, 150).map(i -> 1 + i % 9).toArray();
        NextLogits logits = new NextLogits(backend, transformer);
        List<float[]> rows = new ArrayList<>();
        Segment whole = Segment.prefill(ids, 0, transformer.allocateKvCache(ids.length), Optional.empty());
        logits.feed(List.of(
                new Feed(segment(1), Feed.Nothing.INSTANCE),
                new Feed(whole, new Feed.Every(next -> rows.add(next.logits().clone()))),
                new Feed(segment(3), Feed.Nothing.INSTANCE)));
        assertEquals(ids.length, rows.size());
        for (int length : new int[] {1, 64, 65, 150}) {
            KvCache cache = transformer.allocateKvCache(length);
            Segment some = Segment.prefill(Arrays.copyOf(ids, length), 0, cache, Optional.empty());
            assertArrayEquals(last(List.of(some)).getFirst().logits(), rows.get(length - 1), 0f);
        }
    }

    /** From its own arrays. */
    private List<NextToken> last(List<Segment> segments) {
        NextToken[] tokens = new NextToken[segments.size()];
        List<Feed> feeds = IntStream.range(0, tokens.length)
                .mapToObj(i -> new Feed(
                        segments.get(i),
                        new Feed.Last(
                                next -> tokens[i] = new NextToken(next.logits().clone(), next.logSumExp()))))
                .toList();
        new NextLogits(backend, transformer).feed(feeds);
        return List.of(tokens);
    }

    private List<DrawnToken> likeliest(List<Segment> segments) {
        DrawnToken[] tokens = new DrawnToken[segments.size()];
        List<Feed> feeds = IntStream.range(0, tokens.length)
                .mapToObj(i -> new Feed(segments.get(i), new Feed.Likeliest(drawn -> tokens[i] = drawn)))
                .toList();
        new NextLogits(backend, transformer).feed(feeds);
        return List.of(tokens);
    }

    /** Every fourth a prompt, the others a step behind one token. */
    private Segment segment(int i) {
        Optional<AdapterTensors> adapter = adapters.get(i % adapters.size());
        KvCache cache = transformer.allocateKvCache(4);
        if (i % 4 == 3) {
            return Segment.prefill(new int[] {i, 2, 3}, 0, cache, adapter);
        }
        transformer.infer(List.of(Segment.prefill(new int[] {1}, 0, cache, adapter)));
        return Segment.decode(i, 1, cache, adapter);
    }

    private AdapterTensors adapter(long seed) {
        LoraAdapter initial = LoraAdapter.initial(TinyModel.LORA, CONFIG, seed);
        float[] values = TinyModel.gaussian(new Random(seed), initial.layout().size(), 0.2);
        return AdapterTensors.forServing(backend, initial.withValues(values));
    }

    private Transformer transformer() {
        ParameterLayout layout = TransformerWeights.layout(CONFIG);
        Tensor weights = backend.upload(TinyModel.gaussian(new Random(3), layout.size(), 0.35), 1, layout.size());
        Tensor unused = backend.allocate(1, layout.size());
        return new Transformer(backend, TransformerWeights.trained(backend, CONFIG, weights, unused));
    }
}
