package io.livegraft.simulation.swap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What clients ask is what the oracle is asked. */
class QuestionTest {
    @Test
    void everyWayToAskIsDrawn() {
        SplittableRandom random = new SplittableRandom(7);
        List<Question> drawn =
                Stream.generate(() -> Question.draw(random)).limit(500).toList();
        List<Predicate<Question>> kinds = List.of(
                Question::chat,
                Question::echo,
                each -> each.echo() && each.maxTokens() == 0,
                each -> each.choices() > 1 && each.temperature() == 0,
                each -> each.choices() > 2 && each.temperature() > 0,
                each -> each.choices() > 1 && each.echo());
        kinds.forEach(kind -> assertTrue(drawn.stream().anyMatch(kind)));
        assertTrue(drawn.stream().noneMatch(each -> each.chat() && each.echo()));
        assertTrue(drawn.stream().noneMatch(each -> each.maxTokens() == 0 && !each.echo()));
    }

    @Test
    void theOracleMakesEachChoiceWithASeedOfItsOwn() {
        JsonNode asked = new Question(false, "Hi", 4, 1, 11, 2, true).toOracle("d");
        assertEquals(
                "[11,%d]".formatted(11 ^ 0x9E3779B97F4A7C15L),
                asked.path("seeds").toString());
        assertTrue(asked.path("echo").booleanValue());
    }

    @Test
    void aNodeIsAskedForAllOfThem() {
        ObjectNode body = new Question(false, "Hi", 4, 1, 11, 2, true).body("a", true);
        assertEquals(2, body.path("n").intValue());
        assertEquals(11, body.path("seed").intValue());
        assertTrue(body.path("echo").booleanValue());
    }
}
