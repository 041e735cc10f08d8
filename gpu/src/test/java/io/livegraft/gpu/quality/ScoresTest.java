package io.livegraft.gpu.quality;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.livegraft.gpu.quality.Scores.Choice;
import io.livegraft.gpu.training.TrainingExample;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ScoresTest {
    /** Mean negative log-likelihood = the first token's id. */
    private final Scores scores = new Scores(examples -> examples.getFirst().tokens()[0]);

    @Test
    void theAnswerWithTheLowestTotalIsChosenNotTheOneWithTheLowestMean() {
        TrainingExample brief = new TrainingExample(new int[] {3, 0, 0}, 2);
        TrainingExample lengthy = new TrainingExample(new int[] {2, 0, 0}, 1);
        assertEquals(Optional.of(1.0), scores.accuracy(List.of(new Choice(List.of(brief, lengthy), 0))));
        assertEquals(Optional.of(0.0), scores.accuracy(List.of(new Choice(List.of(brief, lengthy), 1))));
    }

    @Test
    void aTieIsNoRightAnswerAndWithoutChoicesThereIsNoAccuracy() {
        TrainingExample one = new TrainingExample(new int[] {3, 0}, 1);
        assertEquals(Optional.of(0.0), scores.accuracy(List.of(new Choice(List.of(one, one), 0))));
        assertEquals(Optional.empty(), scores.accuracy(List.of()));
    }
}
