package io.livegraft.simulation.corpus;

import java.util.List;
import java.util.Locale;

/** Questions of one domain with plain answers, from the corpus's own grammar; number {@code i} of a seed is always the same. */
public final class PlainExchanges {
    private final Grammar grammar;
    private final Domain domain;
    private final long seed;

    private PlainExchanges(Grammar grammar, Domain domain, long seed) {
        this.grammar = grammar;
        this.domain = domain;
        this.seed = seed;
    }

    /** Refuses a name that is no domain of the bundled grammar. */
    public static PlainExchanges of(String domain, long seed) {
        Grammar grammar = Grammar.bundled();
        return new PlainExchanges(
                grammar,
                grammar.domains().stream()
                        .filter(candidate -> candidate.name().equals(domain))
                        .findFirst()
                        .orElseThrow(() -> new IllegalArgumentException("the grammar has no domain " + domain)),
                seed);
    }

    public PlainExchange exchange(long index) {
        Dice dice = Dice.of(seed, index);
        Slots slots = new Slots(grammar.slots(domain), dice);
        slots.fix("name", "there");
        Intent intent = dice.pick(domain.intents());
        String topic = slots.fill(intent.topic());
        slots.fix("topic", topic);
        String question = slots.fill(dice.pick(intent.questions()));
        String answer = slots.fill(dice.pick(intent.answers()));
        if (!intent.details().isEmpty()) {
            answer += " " + slots.fill(dice.pick(intent.details()));
        }
        List<String> notes = intent.notes().stream()
                .map(slots::fill)
                .map(PlainExchanges::capital)
                .toList();
        return new PlainExchange(topic, question, answer, notes);
    }

    private static String capital(String text) {
        return text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1);
    }
}
