package io.livegraft.gpu.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.TinyModel;
import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.cpu.VectorBackend;
import io.livegraft.gpu.transformer.AdapterTensors;
import io.livegraft.gpu.transformer.Transformer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Sequences packed into one pass do not see each other. */
class ScoringPassTest {
    private final Backend backend = new VectorBackend(2);
    private final Transformer transformer = TinyModel.transformer(backend);

    @Test
    void packedSequencesHaveTheBitsOfEachAlone() {
        List<ScoredSequence> sequences = sequences();
        double[] packed = score(sequences, 1_000);
        for (int i = 0; i < packed.length; i++) {
            assertEquals(score(List.of(sequences.get(i)), 1_000)[0], packed[i]);
        }
        assertArrayEquals(packed, score(sequences, 1));
        assertArrayEquals(packed, score(sequences, 10));
    }

    @Test
    void whatStandsBeforeASequenceDoesNotShowInItButItsOwnTokensAndAdapterDo() {
        List<ScoredSequence> sequences = new ArrayList<>(sequences());
        double last = score(sequences, 1_000)[3];
        sequences.set(0, ScoredSequence.exact(new TrainingExample(new int[] {1, 30, 30, 30}, 1), Optional.empty()));
        assertEquals(last, score(sequences, 1_000)[3]);
        sequences.set(3, ScoredSequence.exact(sequences.get(3).example(), Optional.empty()));
        assertNotEquals(last, score(sequences, 1_000)[3]);
    }

    @Test
    void aLogProbabilityIsThatOfTheTargetsAlone() {
        int[] tokens = {1, 5, 9, 12};
        double whole = score(List.of(exact(new TrainingExample(tokens, 1))), 64)[0];
        double parts = 0;
        for (int t = 1; t < tokens.length; t++) {
            int[] prefix = Arrays.copyOf(tokens, t + 1);
            double one = score(List.of(exact(new TrainingExample(prefix, t))), 64)[0];
            assertTrue(one < 0, "a log-probability is negative");
            parts += one;
        }
        assertEquals(parts, whole, 1e-5);
    }

    @Test
    void nothingToScoreIsDoneAtOnce() {
        ScoringPass pass = new ScoringPass(backend, transformer, List.of(), 64);
        assertTrue(pass.done());
        assertEquals(0, pass.result().length);
        assertFalse(new ScoringPass(backend, transformer, sequences(), 64).done());
    }

    private double[] score(List<ScoredSequence> sequences, int sliceTokens) {
        return new ScoringPass(backend, transformer, sequences, sliceTokens).finish();
    }

    private static ScoredSequence exact(TrainingExample example) {
        return ScoredSequence.exact(example, Optional.empty());
    }

    /** With two adapters and without. */
    private List<ScoredSequence> sequences() {
        List<TrainingExample> examples = TinyModel.examples();
        Optional<AdapterTensors> one = Optional.of(AdapterTensors.forServing(backend, TinyModel.adapter(1)));
        Optional<AdapterTensors> two = Optional.of(AdapterTensors.forServing(backend, TinyModel.adapter(2)));
        return List.of(
                ScoredSequence.exact(examples.get(0), one),
                ScoredSequence.exact(examples.get(1), two),
                ScoredSequence.exact(examples.get(2), Optional.empty()),
                ScoredSequence.exact(examples.get(1), one));
    }
}
