package io.livegraft.actors.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.livegraft.gpu.training.ApoZero;
import io.livegraft.gpu.training.Bco;
import io.livegraft.gpu.training.Dpo;
import io.livegraft.gpu.training.Kto;
import io.livegraft.gpu.training.Lesson;
import io.livegraft.gpu.training.Loss;
import io.livegraft.gpu.training.Sft;
import io.livegraft.gpu.training.TrainingExample;
import java.util.List;
import org.junit.jupiter.api.Test;

class EvaluationSetTest {
    private static final TrainingExample GOOD = new TrainingExample(new int[] {1, 2, 3, 4}, 1);
    private static final TrainingExample BAD = new TrainingExample(new int[] {1, 5}, 1);
    private static final List<Lesson> LESSONS = List.of(Lesson.pair(GOOD, BAD), Lesson.better(GOOD), Lesson.worse(BAD));

    @Test
    void imitationIsMeasuredPerTargetToken() {
        EvaluationSet set = set(new Sft());
        assertEquals(List.of(GOOD, GOOD), set.sequences());
        assertEquals(6, set.targetTokens());
        assertEquals(0.5, set.nll(List.of(-2.0, -1.0), List.of(-9.0, -9.0)), 1e-15);
    }

    @Test
    void pairsAreMeasuredByTheChanceThatTheBetterOneWins() {
        EvaluationSet set = set(new Dpo(2, 0.25, false));
        assertEquals(List.of(GOOD, BAD), set.sequences());
        double margin = (-1.0 + 1.5) - (-3.0 + 2.0);
        assertEquals(Math.log1p(Math.exp(-2 * margin)), set.nll(List.of(-1.0, -3.0), List.of(-1.5, -2.0)), 1e-15);
    }

    @Test
    void answersAreMeasuredByTheChanceOfTheirLabels() {
        for (Loss loss : List.of(new Kto(0.5, 3, 1), new ApoZero(0.5))) {
            EvaluationSet set = set(loss);
            assertEquals(List.of(GOOD, GOOD, BAD, BAD), set.sequences());
            double expected = (Math.log1p(Math.exp(-0.5)) + Math.log(2) + 2 * Math.log1p(Math.exp(-1))) / 4;
            assertEquals(expected, set.nll(List.of(-1.0, -2.0, -5.0, -6.0), List.of(-2.0, -2.0, -3.0, -4.0)), 1e-15);
        }
    }

    @Test
    void bcosLabelsAreMeasuredAroundTheMeanReward() {
        double expected =
                (Math.log1p(Math.exp(-1.25)) + Math.log1p(Math.exp(-0.75)) + 2 * Math.log1p(Math.exp(-1))) / 4;
        assertEquals(
                expected,
                set(new Bco(0.5)).nll(List.of(-2.0, -3.0, -8.5, -8.5), List.of(-3.0, -3.0, -5.0, -5.0)),
                1e-15);
    }

    @Test
    void theBaseIsUndecidedAboutEveryLabel() {
        for (Loss loss : List.of(new Dpo(0.1, 0, false), new Kto(0.1, 1, 1), new Bco(0.1))) {
            List<Double> base = set(loss).sequences().stream().map(each -> -4.0).toList();
            assertEquals(Math.log(2), set(loss).nll(base, base), 1e-15);
        }
    }

    @Test
    void theLatestLessonsThatTheLossLearnsFromAreTaken() {
        assertEquals(
                1, EvaluationSet.latest(LESSONS, new Dpo(0.1, 0, false), 16).size());
        EvaluationSet latest = EvaluationSet.latest(LESSONS, new Bco(0.1), 2);
        assertEquals(LESSONS.subList(1, 3), latest.lessons());
    }

    private static EvaluationSet set(Loss loss) {
        return EvaluationSet.latest(LESSONS, loss, 16);
    }
}
