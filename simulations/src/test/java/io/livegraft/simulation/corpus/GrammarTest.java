package io.livegraft.simulation.corpus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.error.LivegraftException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class GrammarTest {
    private static final Grammar GRAMMAR = Grammar.bundled();

    @Test
    void everySlotOfEveryTemplateHasAValueInItsDomain() {
        for (Domain domain : GRAMMAR.domains()) {
            for (String template : templates(domain)) {
                String text = new Slots(GRAMMAR.slots(domain), Dice.of(1, 1)).fill(template);
                assertFalse(text.contains("{"), domain.name() + ": " + text);
            }
        }
    }

    @Test
    void everyIntentCanBeAnsweredInEveryStyle() {
        for (Domain domain : GRAMMAR.domains()) {
            assertTrue(domain.intents().size() >= 15, domain.name());
            for (Intent intent : intents(domain)) {
                String name = domain.name() + " " + intent.name();
                assertTrue(intent.questions().size() >= 3, name);
                assertTrue(intent.steps().size() >= 3, name);
                assertFalse(intent.offer().isEmpty(), name);
                assertFalse(intent.done().isEmpty(), name);
                intent.followUps()
                        .forEach(followUp -> assertFalse(followUp.notes().isEmpty(), name));
            }
        }
    }

    @Test
    void aNumberedSlotIsAnotherValue() {
        Slots slots = new Slots(GRAMMAR.common().slots(), Dice.of(1, 1));
        assertEquals(slots.fill("{day}"), slots.fill("{day}"));
        for (int i = 0; i < 100; i++) {
            String[] days = new Slots(GRAMMAR.common().slots(), Dice.of(1, i))
                    .fill("{day} {day2}")
                    .split(" ", 2);
            assertFalse(days[0].equals(days[1]));
        }
    }

    @Test
    void refusesALineOfNoKindAndNamesIt() {
        LivegraftException refusal = assertThrows(
                LivegraftException.class, () -> new GrammarReader("x.txt").read("a = b\n\n== late | topic\n* what"));
        assertTrue(refusal.toString().contains(": x.txt line 4: '* what'"), refusal.toString());
    }

    @Test
    void refusesAnIntentWithoutAnAnswer() {
        LivegraftException refusal = assertThrows(
                LivegraftException.class, () -> new GrammarReader("x.txt").read("== late | topic\n? Where is it?"));
        assertTrue(refusal.toString().contains("'late'"), refusal.toString());
    }

    @Test
    void contractsOnlyWhereAWordFollows() {
        assertEquals("We'll tell you. Yes, we will.", Contractions.apply("We will tell you. Yes, we will."));
        assertEquals("I've sent it, and we have two.", Contractions.apply("I have sent it, and we have two."));
        assertEquals("You can't, don't and won't.", Contractions.apply("You cannot, do not and will not."));
    }

    private static List<Intent> intents(Domain domain) {
        List<Intent> intents = new ArrayList<>(domain.intents());
        intents.addAll(GRAMMAR.common().intents());
        return intents;
    }

    private static List<String> templates(Domain domain) {
        List<String> templates = new ArrayList<>();
        for (Intent intent : intents(domain)) {
            List.of(intent.questions(), intent.answers(), intent.details(), intent.steps(), intent.notes())
                    .forEach(templates::addAll);
            templates.addAll(List.of(intent.topic(), intent.offer(), intent.done()));
            intent.followUps().forEach(followUp -> {
                templates.addAll(List.of(followUp.question(), followUp.answer()));
                templates.addAll(followUp.notes());
            });
        }
        return templates;
    }
}
