package io.livegraft.gpu.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class LessonTest {
    private static final TrainingExample GOOD = new TrainingExample(new int[] {1, 2, 3}, 1);
    private static final TrainingExample BAD = new TrainingExample(new int[] {1, 4}, 1);
    private static final Lesson PAIR = Lesson.pair(GOOD, BAD);
    private static final List<Lesson> ALL = List.of(PAIR, Lesson.worse(BAD), Lesson.better(GOOD));
    private static final Loss DPO = new Dpo(0.1, 0, false);
    private static final List<Loss> SINGLE = List.of(new Kto(0.1, 1, 1), new Bco(0.1), new ApoZero(0.1));

    @Test
    void imitationTakesBetterAnswersOnly() {
        TrainingInput good = new TrainingInput.Supervised(GOOD);
        assertEquals(List.of(good, good), Lesson.inputs(ALL, new Sft()));
        assertEquals(Optional.of(Lesson.better(GOOD)), PAIR.learnedBy(new Sft()));
        assertEquals(Optional.empty(), Lesson.worse(BAD).learnedBy(new Sft()));
    }

    @Test
    void pairsTeachDpoAndNothingElseDoes() {
        assertEquals(List.of(new TrainingInput.Preference(GOOD, BAD)), Lesson.inputs(ALL, DPO));
        assertEquals(Optional.of(PAIR), PAIR.learnedBy(DPO));
        assertEquals(Optional.empty(), Lesson.better(GOOD).learnedBy(DPO));
        assertEquals(Optional.empty(), Lesson.worse(BAD).learnedBy(DPO));
    }

    @Test
    void everyAnswerTeachesLossesOfSingleAnswersTheBetterOnesFirst() {
        TrainingInput good = new TrainingInput.Labelled(GOOD, true);
        TrainingInput bad = new TrainingInput.Labelled(BAD, false);
        for (Loss loss : SINGLE) {
            assertEquals(List.of(good, good, bad, bad), Lesson.inputs(ALL, loss));
            ALL.forEach(lesson -> assertEquals(Optional.of(lesson), lesson.learnedBy(loss)));
        }
    }

    @Test
    void tokensAreThoseOfBothAnswers() {
        assertEquals(5, PAIR.tokens());
        assertEquals(2, Lesson.worse(BAD).tokens());
    }

    @Test
    void aLessonOfNothingIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> new Lesson(Optional.empty(), Optional.empty()));
    }
}
