package io.livegraft.gpu.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.TinyModel;
import io.livegraft.gpu.backend.SlicedWork;
import io.livegraft.gpu.cpu.KernelChoice;
import io.livegraft.gpu.device.Device;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.generation.FinishReason;
import io.livegraft.gpu.generation.GenerationDelta;
import io.livegraft.gpu.generation.LogitAdjustment;
import io.livegraft.gpu.generation.SamplingSettings;
import io.livegraft.gpu.lora.LoraAdapter;
import io.livegraft.gpu.lora.LoraConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Laws 2 and 3 where they begin: in the decode steps of one engine, on the bundled base. */
class EngineLawTest {
    private static final LoraConfig LORA = new LoraConfig(4, 8, false, LoraConfig.ALL_LINEAR);
    private static final List<String> PROMPTS = List.of(
            "User: My parcel is late.\nAssistant:",
            "User: Hi\nAssistant:",
            "User: Please cancel order 1234 and send the money back to my card, I don't need it.\nAssistant:",
            "User: How do I get a new bank card?\nAssistant:");

    private final Engine engine = open(2);

    @AfterEach
    void close() {
        engine.close();
    }

    @Test
    void aRequestGetsTheSameTokensAndLogprobsAloneAndAmongOtherTenants() {
        List<Optional<StagedAdapter>> adapters = List.of(
                Optional.empty(),
                Optional.of(engine.stage(adapter(1))),
                Optional.of(engine.stage(adapter(2))),
                Optional.of(engine.stage(adapter(1))));
        List<List<GenerationDelta>> alone = new ArrayList<>();
        for (int i = 0; i < PROMPTS.size(); i++) {
            alone.add(run(List.of(admit(engine, i, adapters.get(i)))).getFirst());
        }
        List<Generation> together = new ArrayList<>();
        for (int i = 0; i < PROMPTS.size(); i++) {
            together.add(admit(engine, i, adapters.get(i)));
        }
        assertEquals(alone, run(together));
    }

    @Test
    void requestsThatJoinAndLeaveABatchChangeNothingForTheOthers() {
        List<GenerationDelta> alone =
                run(List.of(admit(engine, 2, Optional.empty()))).getFirst();
        Generation watched = admit(engine, 2, Optional.empty());
        List<GenerationDelta> seen = new ArrayList<>();
        Random random = new Random(5);
        List<Generation> others = new ArrayList<>();
        while (!watched.finished()) {
            if (random.nextInt(3) == 0) {
                others.add(admit(engine, random.nextInt(4), Optional.empty()));
            }
            others.removeIf(other -> {
                boolean leaves = other.finished() || random.nextInt(6) == 0;
                if (leaves) {
                    other.close();
                }
                return leaves;
            });
            List<Generation> batch = new ArrayList<>(others);
            int place = random.nextInt(batch.size() + 1);
            batch.add(place, watched);
            seen.add(advance(batch).get(place));
        }
        assertEquals(alone, seen);
    }

    @Test
    void aSeedDrawsTheSameTokensWhetherOthersAreNamedOrNot() {
        List<List<GenerationDelta>> silent = run(drawing(0));
        List<List<GenerationDelta>> naming = run(drawing(3));
        for (int i = 0; i < silent.size(); i++) {
            List<GenerationDelta> unnamed = naming.get(i).stream()
                    .map(one -> new GenerationDelta(one.token(), one.logprob(), one.text(), one.finish()))
                    .toList();
            assertEquals(silent.get(i), unnamed, "request " + i);
        }
        assertEquals(3, naming.getFirst().getFirst().likeliest().size());
    }

    /** Requests of every kind of draw. */
    private List<Generation> drawing(int topLogprobs) {
        LogitAdjustment adjusted = new LogitAdjustment(0.5, 0.7, Map.of(40, 3.0, 41, -100.0));
        List<Generation> generations = new ArrayList<>();
        for (LogitAdjustment adjustment : List.of(LogitAdjustment.NONE, adjusted)) {
            for (int topK : new int[] {0, 20}) {
                generations.add(engine.admit(
                        ids(generations.size()),
                        new SamplingSettings(answerTokens(), 1.3, 1, topK, 7, List.of(), adjustment, topLogprobs),
                        Optional.empty()));
            }
        }
        generations.add(engine.admit(
                ids(0),
                new SamplingSettings(answerTokens(), 0, 1, 0, 7, List.of(), adjusted, topLogprobs),
                Optional.empty()));
        return generations;
    }

    @Test
    void theNumberOfThreadsChangesNothing() {
        try (Engine single = open(1)) {
            assertEquals(
                    run(List.of(admit(single, 0, Optional.empty()))), run(List.of(admit(engine, 0, Optional.empty()))));
        }
    }

    @Test
    void aFreshAdapterChangesNothingAndATrainedOneDoes() {
        LoraAdapter fresh = LoraAdapter.initial(LORA, engine.config(), 3);
        List<List<GenerationDelta>> base = run(List.of(admit(engine, 0, Optional.empty())));
        assertEquals(base, run(List.of(admit(engine, 0, Optional.of(engine.stage(fresh))))));
        assertNotEquals(base, run(List.of(admit(engine, 0, Optional.of(engine.stage(adapter(1)))))));
    }

    @Test
    void anAnswerStopsAtTheRequestedLengthOrAtTheContextsEnd() {
        Generation three = engine.admit(ids(0), SamplingSettings.greedy(3), Optional.empty());
        List<GenerationDelta> deltas = run(List.of(three)).getFirst();
        assertEquals(3, deltas.size());
        assertEquals(Optional.of(FinishReason.LENGTH), deltas.getLast().finish());
        int[] almostFull = new int[engine.maxSequenceTokens() - 2];
        Arrays.fill(almostFull, 40);
        Generation last = engine.admit(almostFull, SamplingSettings.greedy(100), Optional.empty());
        assertTrue(run(List.of(last)).getFirst().size() <= 3);
    }

    @Test
    void promptsThatLeaveNoRoomAndRequestsBeyondTheLimitAreRefused() {
        int[] tooLong = new int[engine.maxSequenceTokens()];
        LivegraftException refused = assertThrows(
                LivegraftException.class, () -> engine.admit(tooLong, SamplingSettings.greedy(1), Optional.empty()));
        assertEquals(ErrorCode.CONTEXT_LENGTH_EXCEEDED, refused.code());
        List<Generation> all = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            all.add(engine.admit(ids(1), SamplingSettings.greedy(1), Optional.empty()));
        }
        assertEquals(
                ErrorCode.OVERLOADED,
                assertThrows(
                                LivegraftException.class,
                                () -> engine.admit(ids(1), SamplingSettings.greedy(1), Optional.empty()))
                        .code());
        all.getFirst().close();
        engine.admit(ids(1), SamplingSettings.greedy(1), Optional.empty()).close();
    }

    @Test
    void anAdapterThatComesUpBetweenDecodeStepsChangesNothingForOthersAndIsTheSame() {
        Optional<StagedAdapter> small = Optional.of(engine.stage(adapter(1)));
        LoraAdapter wide = adapter(new LoraConfig(64, 64, false, LoraConfig.ALL_LINEAR), 2);
        List<List<GenerationDelta>> alone = run(List.of(admit(engine, 0, small)));
        List<List<GenerationDelta>> atOnce = run(List.of(admit(engine, 1, Optional.of(engine.stage(wide)))));

        Generation watched = admit(engine, 0, small);
        SlicedWork<StagedAdapter> coming = engine.staging(wide);
        assertFalse(coming.advance(), "it takes several slices");
        List<GenerationDelta> seen = new ArrayList<>();
        boolean there = false;
        while (!watched.finished()) {
            seen.addAll(advance(List.of(watched)));
            there = there || coming.advance();
        }
        watched.close();
        StagedAdapter staged = there ? coming.result() : coming.finish();
        assertEquals(alone, List.of(seen));
        assertEquals(atOnce, run(List.of(admit(engine, 1, Optional.of(staged)))));
        assertNotEquals(atOnce, run(List.of(admit(engine, 1, small))));
    }

    @Test
    void aReleasedAdapterCanNotServe() {
        StagedAdapter adapter = engine.stage(adapter(1));
        Generation generation = admit(engine, 0, Optional.of(adapter));
        adapter.close();
        assertThrows(IllegalStateException.class, () -> advance(List.of(generation)));
    }

    private Generation admit(Engine on, int prompt, Optional<StagedAdapter> adapter) {
        SamplingSettings sampling = new SamplingSettings(answerTokens(), 0.8, 0.95, 0, 100 + prompt, List.of());
        return on.admit(ids(prompt), sampling, adapter);
    }

    private int[] ids(int prompt) {
        return engine.tokenizer().encode(PROMPTS.get(prompt));
    }

    private List<List<GenerationDelta>> run(List<Generation> generations) {
        Map<Generation, List<GenerationDelta>> deltas = new LinkedHashMap<>();
        generations.forEach(generation -> deltas.put(generation, new ArrayList<>()));
        List<Generation> active = new ArrayList<>(generations);
        while (!active.isEmpty()) {
            List<GenerationDelta> step = advance(active);
            for (int i = 0; i < step.size(); i++) {
                deltas.computeIfAbsent(active.get(i), one -> new ArrayList<>()).add(step.get(i));
            }
            active.removeIf(Generation::finished);
        }
        generations.forEach(Generation::close);
        return List.copyOf(deltas.values());
    }

    private List<GenerationDelta> advance(List<Generation> batch) {
        return engine.advance(batch.stream().map(Advance::whole).toList()).stream()
                .map(Optional::orElseThrow)
                .toList();
    }

    private LoraAdapter adapter(long seed) {
        return adapter(LORA, seed);
    }

    private LoraAdapter adapter(LoraConfig lora, long seed) {
        LoraAdapter initial = LoraAdapter.initial(lora, engine.config(), seed);
        float[] values = TinyModel.gaussian(new Random(seed), initial.layout().size(), 0.05);
        return initial.withValues(values);
    }

    int answerTokens() {
        return 20;
    }

    /** What an engine of so many threads computes on. */
    Device device(int threads) {
        return TestingEngine.cpu(threads, KernelChoice.AUTO);
    }

    private Engine open(int threads) {
        return TestingEngine.open(8, () -> device(threads));
    }
}
