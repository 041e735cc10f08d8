package io.livegraft.simulation.corpus;

import java.util.ArrayList;
import java.util.List;

/** Makes conversations from a grammar: number {@code i} of a seed is always the same, whatever was made before it. */
final class ConversationGenerator {
    /** Longer ones are drawn again: 95 in 100 examples stay under 145 tokens of the corpus's own tokenizer, none reaches 200. */
    private static final int MAX_PROMPT_CHARACTERS = 400;

    private static final int MAX_COMPLETION_CHARACTERS = 330;
    private static final int MAX_CHARACTERS = 500;

    private static final List<String> GREETINGS =
            List.of("Hello.", "Hi.", "Hi there.", "Good morning.", "Hello there.");
    private static final List<String> NAMED_GREETINGS =
            List.of("Hi, this is {name}.", "Hello, my name is {name}.", "Hello, I am {name}.", "This is {name}.");
    private static final List<String> ROLES =
            List.of("You are the {team}.", "You work for the {team}.", "You answer customers of the {team}.");

    private final Grammar grammar;
    private final long seed;

    ConversationGenerator(Grammar grammar, long seed) {
        this.grammar = grammar;
        this.seed = seed;
    }

    Conversation conversation(long index) {
        Dice dice = Dice.of(seed, index);
        while (true) {
            Conversation drawn = draw(dice);
            int prompt = drawn.prompt().length();
            int completion = drawn.completion().length();
            if (prompt <= MAX_PROMPT_CHARACTERS
                    && completion <= MAX_COMPLETION_CHARACTERS
                    && prompt + completion <= MAX_CHARACTERS) {
                return drawn;
            }
        }
    }

    private Conversation draw(Dice dice) {
        Domain domain = dice.pick(grammar.domains());
        Slots slots = new Slots(grammar.slots(domain), dice);
        boolean asked = dice.percent(45);
        // Without an instruction the base mostly answers plainly: that is what a tenant's feedback moves.
        Style style = asked || dice.percent(30)
                ? dice.pick(grammar.styles())
                : grammar.styles().getFirst();
        StringBuilder prompt = new StringBuilder();
        if (asked) {
            String role = dice.percent(40) ? dice.pick(ROLES) + " " : "";
            prompt.append("System: ")
                    .append(slots.fill(role + dice.pick(style.instructions())))
                    .append('\n');
        } else if (dice.percent(25)) {
            prompt.append("System: ").append(slots.fill(dice.pick(ROLES))).append('\n');
        }
        boolean named = dice.percent(40);
        if (!named) {
            slots.fix("name", style.anonymous());
        }
        AnswerWriter writer = new AnswerWriter(style, slots, dice, named);
        Intent intent = intent(domain, dice);
        prompt.append("User: ")
                .append(slots.fill(spoken(question(intent, named, dice), dice)))
                .append("\nAssistant:");
        String answer = writer.answer(intent);
        if (dice.percent(25)) {
            prompt.append(' ').append(answer).append('\n');
            Exchange second = second(domain, intent, style, writer, dice);
            prompt.append("User: ")
                    .append(slots.fill(spoken(second.question(), dice)))
                    .append("\nAssistant:");
            answer = second.answer();
        }
        return new Conversation(domain.name(), intent.name(), style.name(), prompt.toString(), " " + answer);
    }

    private Intent intent(Domain domain, Dice dice) {
        return dice.percent(15) ? dice.pick(grammar.common().intents()) : dice.pick(domain.intents());
    }

    private static String question(Intent intent, boolean named, Dice dice) {
        String question = dice.pick(intent.questions());
        if (named) {
            return dice.percent(70) ? dice.pick(NAMED_GREETINGS) + " " + question : question + " Thanks, {name}";
        }
        return dice.percent(30) ? dice.pick(GREETINGS) + " " + question : question;
    }

    /** Half of the customers write "don't" for "do not". */
    private static String spoken(String question, Dice dice) {
        return dice.percent(50) ? Contractions.apply(question) : question;
    }

    private Exchange second(Domain domain, Intent first, Style style, AnswerWriter writer, Dice dice) {
        if (style.layout() == Style.Layout.OFFER) {
            String question =
                    dice.pick(List.of("Yes, please.", "Yes please, do that.", "Please do.", "That would be great."));
            return new Exchange(question, writer.done(first));
        }
        List<Intent.FollowUp> followUps = new ArrayList<>(first.followUps());
        if (style.layout() != Style.Layout.STEPS && !followUps.isEmpty() && dice.percent(65)) {
            Intent.FollowUp followUp = dice.pick(followUps);
            return new Exchange(followUp.question(), writer.answer(followUp));
        }
        Intent other = intent(domain, dice);
        while (other.equals(first)) {
            other = intent(domain, dice);
        }
        return new Exchange(dice.pick(other.questions()), writer.answer(other));
    }

    private record Exchange(String question, String answer) {}
}
