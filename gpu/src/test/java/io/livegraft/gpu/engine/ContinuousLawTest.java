package io.livegraft.gpu.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.cpu.KernelChoice;
import io.livegraft.gpu.generation.GenerationDelta;
import io.livegraft.gpu.generation.LogitAdjustment;
import io.livegraft.gpu.generation.PromptToken;
import io.livegraft.gpu.generation.SamplingSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** However a generation is cut into passes, interrupted or taken up again, its bits are its own (law 3). */
@ParameterizedClass
@MethodSource("io.livegraft.gpu.cpu.DistinctKernels#choices")
class ContinuousLawTest {
    private static final int PAGE = 64;

    private final Engine engine;

    ContinuousLawTest(KernelChoice kernels) {
        this.engine = TestingEngine.open(4, () -> TestingEngine.cpu(2, kernels));
    }

    @AfterEach
    void close() {
        engine.close();
    }

    @Test
    void aPromptInChunksHasTheBitsOfTheWhole() {
        int[] prompt = tokens(1, 150);
        List<GenerationDelta> whole = run(admit(prompt), Integer.MAX_VALUE);
        for (int chunk : new int[] {1, 7, 64, 149}) {
            assertEquals(whole, run(admit(prompt), chunk), "chunks of " + chunk);
        }
    }

    @Test
    void aSuspendedGenerationGoesOnWithTheSameBits() {
        List<GenerationDelta> never = run(admit(tokens(2, 90)), Integer.MAX_VALUE);
        Generation generation = admit(tokens(2, 90));
        List<GenerationDelta> deltas = new ArrayList<>();
        Random random = new Random(1);
        for (int turn = 0; !generation.finished(); turn++) {
            if (turn % 3 == 2) {
                generation.suspend();
                assertEquals(engine.pages(), engine.freePages());
            }
            do {
                int count = 1 + random.nextInt(generation.pending());
                step(generation, count).ifPresent(deltas::add);
            } while (!generation.finished() && generation.pending() > 1);
        }
        assertEquals(never, deltas);
    }

    @Test
    void pagesAreTakenAsTokensAreFedAndGivenBack() {
        Generation generation = admit(tokens(3, 100));
        assertEquals(100, generation.pending());
        assertEquals(engine.pages(), engine.freePages());
        assertEquals(1, engine.pagesFor(generation, PAGE));
        assertEquals(2, engine.pagesFor(generation, PAGE + 1));
        assertTrue(step(generation, PAGE).isEmpty());
        assertEquals(engine.pages() - 1, engine.freePages());
        assertEquals(0, engine.pagesFor(generation, 0));
        assertEquals(1, engine.pagesFor(generation, 1));
        assertTrue(step(generation, 36).isPresent());
        assertEquals(engine.pages() - 2, engine.freePages());
        assertEquals(1, generation.pending());
        assertThrows(IllegalStateException.class, () -> step(generation, 2));
        generation.close();
        assertEquals(engine.pages(), engine.freePages());
    }

    @Test
    void aPromptIsScoredByWhatStandsBeforeEachOfItsTokens() {
        int[] prompt = tokens(4, 70);
        List<PromptToken> scored = run(admit(prompt, scoring(2)), 30).getFirst().prompt();
        assertEquals(
                IntStream.of(prompt).boxed().toList(),
                scored.stream().map(PromptToken::token).toList());
        assertTrue(scored.getFirst().logprob().isEmpty());
        for (int at : new int[] {1, 33, 69}) {
            int[] before = IntStream.of(prompt).limit(at).toArray();
            GenerationDelta next = run(admit(before, plain()), 64).getFirst();
            assertEquals(20, next.likeliest().size());
            assertEquals(next.likeliest(), scored.get(at).likeliest());
            next.likeliest().stream()
                    .filter(each -> each.token() == prompt[at])
                    .forEach(each -> assertEquals(
                            each.logprob(), scored.get(at).logprob().orElseThrow()));
        }
        String text = scored.stream().map(PromptToken::text).collect(Collectors.joining());
        assertEquals(engine.tokenizer().decode(prompt), text);
    }

    @Test
    void scoringThePromptChangesNoTokenAndMayBeAllThatIsAskedFor() {
        int[] prompt = tokens(5, 40);
        List<GenerationDelta> scored = run(admit(prompt, scoring(3)), 16);
        List<GenerationDelta> plain = run(admit(prompt, plain()), 16);
        assertEquals(plain.getFirst().withPrompt(scored.getFirst().prompt()), scored.getFirst());
        assertEquals(plain.subList(1, 3), scored.subList(1, 3));
        List<GenerationDelta> alone = run(admit(prompt, scoring(0)), 16);
        assertEquals(List.of(GenerationDelta.ofPrompt(scored.getFirst().prompt())), alone);
    }

    private static SamplingSettings scoring(int maxTokens) {
        return new SamplingSettings(maxTokens, 0, 1, 0, 0, List.of(), LogitAdjustment.NONE, 20, true);
    }

    private static SamplingSettings plain() {
        return new SamplingSettings(3, 0, 1, 0, 0, List.of(), LogitAdjustment.NONE, 20);
    }

    private Generation admit(int[] prompt) {
        return admit(prompt, new SamplingSettings(12, 0.8, 0.95, 0, 7, List.of()));
    }

    private Generation admit(int[] prompt, SamplingSettings sampling) {
        return engine.admit(prompt, sampling, Optional.empty());
    }

    /** To the end, at most {@code chunk} tokens at once; closes it. */
    private List<GenerationDelta> run(Generation generation, int chunk) {
        List<GenerationDelta> deltas = new ArrayList<>();
        while (!generation.finished()) {
            step(generation, Math.min(chunk, generation.pending())).ifPresent(deltas::add);
        }
        generation.close();
        return deltas;
    }

    private Optional<GenerationDelta> step(Generation generation, int count) {
        return engine.advance(List.of(new Advance(generation, count))).getFirst();
    }

    /** Of words, so that their text is one. */
    private int[] tokens(long seed, int count) {
        int[] words = engine.tokenizer()
                .encode("User: my parcel is late, please cancel the order and send the money back to my card.");
        Random random = new Random(seed);
        return IntStream.range(0, count)
                .map(i -> words[1 + random.nextInt(words.length - 1)])
                .toArray();
    }
}
