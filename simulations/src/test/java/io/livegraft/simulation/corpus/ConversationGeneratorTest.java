package io.livegraft.simulation.corpus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class ConversationGeneratorTest {
    private static final Grammar GRAMMAR = Grammar.bundled();
    private static final List<Conversation> CONVERSATIONS = LongStream.range(0, 5000)
            .mapToObj(new ConversationGenerator(GRAMMAR, 3)::conversation)
            .toList();
    private static final Pattern LINES = Pattern.compile(
            "(System: [^\n]+\n)?User: [^\n]+\nAssistant:" + "( [^\n].*?\nUser: [^\n]+\nAssistant:)?", Pattern.DOTALL);

    @Test
    void everyPromptIsAChatWithAnOpenAnswer() {
        for (Conversation conversation : CONVERSATIONS) {
            assertTrue(LINES.matcher(conversation.prompt()).matches(), conversation.prompt());
            assertTrue(conversation.completion().matches("(?s) \\S.*\\S"), conversation.completion());
        }
    }

    @Test
    void noTextHasAnOpenSlotOrADoubledSpace() {
        for (Conversation conversation : CONVERSATIONS) {
            String text = conversation.prompt() + conversation.completion();
            assertFalse(
                    Pattern.compile("[{}#|]|  | [,.!?]|\\.\\.").matcher(text).find(), text);
        }
    }

    @Test
    void aConversationDependsOnItsNumberOnly() {
        assertEquals(CONVERSATIONS.get(4321), new ConversationGenerator(GRAMMAR, 3).conversation(4321));
    }

    @Test
    void everyDomainAndStyleOccurs() {
        Set<String> domains = new HashSet<>();
        Set<String> styles = new HashSet<>();
        CONVERSATIONS.forEach(conversation -> {
            domains.add(conversation.domain());
            styles.add(conversation.style());
        });
        assertEquals(9, domains.size());
        assertEquals(GRAMMAR.styles().size(), styles.size());
    }

    @Test
    void theStyleShapesEveryAnswer() {
        for (Conversation conversation : CONVERSATIONS) {
            String answer = conversation.completion();
            boolean shaped =
                    switch (conversation.style()) {
                        case "terse" -> answer.startsWith(" - ");
                        case "steps" -> answer.contains("\n1. ");
                        case "formal" -> answer.startsWith(" Dear ") && !answer.contains("'ll ");
                        case "question" -> answer.endsWith("?");
                        case "playful" -> answer.endsWith("!");
                        default -> !answer.startsWith(" - ") && !answer.contains("\n");
                    };
            assertTrue(shaped, conversation.toString());
        }
    }

    @Test
    void theFirstAnswerOfAPairHasTheStyleToo() {
        for (Conversation conversation : CONVERSATIONS) {
            boolean pair = conversation.prompt().lastIndexOf("User: ")
                    > conversation.prompt().indexOf("User: ");
            if (pair && conversation.style().equals("terse")) {
                assertTrue(conversation.prompt().contains("Assistant: - "), conversation.prompt());
            }
            if (pair && conversation.style().equals("formal")) {
                assertTrue(conversation.prompt().contains("Assistant: Dear "), conversation.prompt());
            }
        }
    }

    @Test
    void anAnswerCopiesTheOrderOfTheQuestion() {
        Pattern order = Pattern.compile("order (\\d{4})");
        for (Conversation conversation : CONVERSATIONS) {
            var asked = order.matcher(conversation.prompt());
            var answered = order.matcher(conversation.completion());
            if (asked.find() && answered.find()) {
                assertEquals(asked.group(1), answered.group(1), conversation.toString());
            }
        }
    }
}
