package io.livegraft.gpu.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.livegraft.gpu.TinyModel;
import io.livegraft.gpu.generation.GenerationDelta;
import io.livegraft.gpu.generation.LogitAdjustment;
import io.livegraft.gpu.generation.SamplingSettings;
import io.livegraft.gpu.lora.LoraAdapter;
import io.livegraft.gpu.lora.LoraConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What was computed for one request is used by another only where it would compute the very same: laws 2 and 3. */
class PrefixLawTest {
    private static final LoraConfig LORA = new LoraConfig(4, 8, false, LoraConfig.ALL_LINEAR);
    private static final CacheKey BOATS_1 = new CacheKey("boats", "1");

    private final Engine engine = TestingEngine.open(2);
    private final StagedAdapter first = engine.stage(adapter(1));
    private final StagedAdapter second = engine.stage(adapter(2));

    @AfterEach
    void close() {
        engine.close();
    }

    @Test
    void aReusedPrefixGivesTheBitsOfAComputedOne() {
        int[] prompt = tokens(1, 200);
        List<GenerationDelta> computed = run(engine.admit(prompt, sampling(), Optional.of(first)));
        assertReused(0, prompt, first, BOATS_1, computed);
        assertReused(192, prompt, first, BOATS_1, computed);
        int[] other = prompt.clone();
        other[130]++;
        List<GenerationDelta> alone = run(engine.admit(other, sampling(), Optional.of(first)));
        assertReused(128, other, first, BOATS_1, alone);
    }

    @Test
    void aPromptOfWholePagesLeavesItsLastPageToCompute() {
        int[] prompt = tokens(2, 128);
        List<GenerationDelta> computed = run(engine.admit(prompt, sampling(), Optional.of(first)));
        assertReused(0, prompt, first, BOATS_1, computed);
        assertReused(64, prompt, first, BOATS_1, computed);
    }

    /** vLLM issue 42125: the same name, loaded again with other weights, was answered from the old ones' cache. */
    @Test
    void aStalePrefixNeverShowsUnderANewDigest() {
        int[] prompt = tokens(3, 150);
        List<GenerationDelta> fresh = run(engine.admit(prompt, sampling(), Optional.of(second)));
        List<GenerationDelta> old = run(engine.admit(prompt, sampling(), Optional.of(first), BOATS_1));
        assertNotEquals(fresh, old);
        assertReused(0, prompt, second, new CacheKey("boats", "2"), fresh);
        assertReused(128, prompt, first, BOATS_1, old);
    }

    /** llama.cpp issue 26207: a cache that several adapters share. */
    @Test
    void nothingIsSharedAcrossTenants() {
        int[] prompt = tokens(4, 150);
        List<GenerationDelta> base = run(engine.admit(prompt, sampling(), Optional.empty(), new CacheKey("", "1")));
        List<GenerationDelta> boats = run(engine.admit(prompt, sampling(), Optional.of(first), BOATS_1));
        assertNotEquals(base, boats);
        assertReused(0, prompt, first, new CacheKey("banks", "1"), boats);
        assertReused(0, prompt, first, new CacheKey("boats1", ""), boats);
        assertReused(0, prompt, first, new CacheKey("boat", "s1"), boats);
    }

    @Test
    void whatDecodeStepsMadeIsComputedAgainAsAPrompt() {
        int[] prompt = tokens(5, 70);
        Map<Integer, Double> unending =
                engine.config().eosTokenIds().stream().collect(Collectors.toMap(end -> end, _ -> -100.0));
        LogitAdjustment adjustment = new LogitAdjustment(0, 0, unending);
        SamplingSettings sampling = new SamplingSettings(80, 0, 1, 0, 0, List.of(), adjustment, 0);
        Generation answering = engine.admit(prompt, sampling, Optional.of(first), BOATS_1);
        int[] own = run(answering).stream().mapToInt(GenerationDelta::token).toArray();
        assertEquals(80, own.length);
        int[] both = IntStream.concat(Arrays.stream(prompt), Arrays.stream(own)).toArray();
        List<GenerationDelta> computed = run(engine.admit(both, sampling(), Optional.of(first)));
        assertReused(64, both, first, BOATS_1, computed);
    }

    @Test
    void memoryThatIsNeededIsTakenFromWhatIsKept() {
        List<GenerationDelta> expected = run(engine.admit(tokens(0, 450), sampling(), Optional.of(first)));
        List<GenerationDelta> last = run(engine.admit(tokens(5, 450), sampling(), Optional.of(first)));
        for (int turn = 0; turn < 6; turn++) {
            run(engine.admit(tokens(turn, 450), sampling(), Optional.of(first), BOATS_1));
            assertEquals(engine.pages(), engine.freePages());
        }
        assertReused(448, tokens(5, 450), first, BOATS_1, last);
        assertReused(0, tokens(0, 450), first, BOATS_1, expected);
    }

    @Test
    void pagesThatAreKeptAloneCountAsFreeAndAsTakenWhenReused() {
        int[] prompt = tokens(6, 150);
        run(engine.admit(prompt, sampling(), Optional.of(first), BOATS_1));
        Generation next = engine.admit(prompt, sampling(), Optional.of(first), BOATS_1);
        assertEquals(150 - 128, next.pending());
        assertEquals(3, engine.pagesFor(next, next.pending()));
        engine.advance(List.of(Advance.whole(next)));
        assertEquals(engine.pages() - 3, engine.freePages());
        Generation sibling = engine.admit(prompt, sampling(), Optional.of(first), BOATS_1);
        assertEquals(1, engine.pagesFor(sibling, sibling.pending()));
        engine.advance(List.of(Advance.whole(sibling)));
        assertEquals(engine.pages() - 4, engine.freePages());
        next.close();
        assertEquals(engine.pages() - 3, engine.freePages());
        sibling.close();
        assertEquals(engine.pages(), engine.freePages());
    }

    @Test
    void aRequestThatScoresItsPromptReusesNothingUntilItHas() {
        int[] prompt = tokens(7, 150);
        run(engine.admit(prompt, sampling(), Optional.of(first), BOATS_1));
        SamplingSettings scoring = new SamplingSettings(4, 0, 1, 0, 0, List.of(), LogitAdjustment.NONE, 0, true);
        Generation generation = engine.admit(prompt, scoring, Optional.of(first), BOATS_1);
        assertEquals(150, generation.pending());
        GenerationDelta scored =
                engine.advance(List.of(Advance.whole(generation))).getFirst().orElseThrow();
        assertEquals(150, scored.prompt().size());
        generation.suspend();
        assertEquals(150 - 128, generation.pending());
        generation.close();
    }

    private void assertReused(
            int tokens, int[] prompt, StagedAdapter adapter, CacheKey key, List<GenerationDelta> expected) {
        Generation generation = engine.admit(prompt, sampling(), Optional.of(adapter), key);
        assertEquals(expected, run(generation));
        assertEquals(tokens, generation.reusedTokens());
    }

    private static SamplingSettings sampling() {
        return new SamplingSettings(6, 0.9, 1, 0, 11, List.of());
    }

    private List<GenerationDelta> run(Generation generation) {
        List<GenerationDelta> deltas = new ArrayList<>();
        while (!generation.finished()) {
            engine.advance(List.of(Advance.whole(generation))).getFirst().ifPresent(deltas::add);
        }
        generation.close();
        return deltas;
    }

    private int[] tokens(long seed, int count) {
        return new Random(seed).ints(count, 10, engine.config().vocabSize() - 1).toArray();
    }

    private LoraAdapter adapter(long seed) {
        LoraAdapter initial = LoraAdapter.initial(LORA, engine.config(), seed);
        return initial.withValues(
                TinyModel.gaussian(new Random(seed), initial.layout().size(), 0.05));
    }
}
