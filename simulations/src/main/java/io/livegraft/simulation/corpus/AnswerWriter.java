package io.livegraft.simulation.corpus;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Writes the answers of one conversation, all in its style. */
final class AnswerWriter {
    private static final List<String> OFFERS =
            List.of("Would you like me to {offer}?", "Shall I {offer}?", "Do you want me to {offer}?");
    private static final List<String> ANYTHING_ELSE =
            List.of("Is there anything else I can help you with?", "What else can I do for you?", "Does that help?");

    private final Style style;
    private final Slots slots;
    private final Dice dice;
    private final boolean named;

    AnswerWriter(Style style, Slots slots, Dice dice, boolean named) {
        this.style = style;
        this.slots = slots;
        this.dice = dice;
        this.named = named;
    }

    String answer(Intent intent) {
        slots.fix("topic", slots.fill(intent.topic()));
        String answer = dice.pick(intent.answers());
        String body = intent.details().isEmpty() ? answer : answer + " " + dice.pick(intent.details());
        return write(
                switch (style.layout()) {
                    case PARAGRAPH -> paragraph(opening(true), body, closing());
                    case LETTER -> String.join("\n", opening(true), body, closing());
                    case NOTES -> list(intent.notes());
                    case STEPS -> opening(true) + "\n" + numbered(intent.steps());
                    case OFFER ->
                        paragraph(opening(true), body, dice.pick(OFFERS).replace("{offer}", intent.offer()));
                });
    }

    String answer(Intent.FollowUp followUp) {
        return write(
                switch (style.layout()) {
                    case PARAGRAPH, OFFER -> paragraph(opening(false), followUp.answer(), closing());
                    case LETTER -> String.join("\n", opening(false), followUp.answer(), closing());
                    case NOTES -> list(followUp.notes());
                    case STEPS -> throw new IllegalStateException("a follow-up has no steps");
                });
    }

    /** The answer to "yes, please" after an offer. */
    String done(Intent intent) {
        return write(paragraph("", intent.done(), dice.pick(ANYTHING_ELSE)));
    }

    private String opening(boolean first) {
        List<String> fitting = new ArrayList<>(style.openings());
        if (!first) {
            fitting.removeIf(opening -> opening.contains("{topic}"));
        }
        return fitting.isEmpty() ? "" : dice.pick(fitting);
    }

    private String closing() {
        return style.closings().isEmpty() ? "" : dice.pick(style.closings());
    }

    private String write(String template) {
        String call = template.replace("{, name}", named ? ", {name}" : "");
        String text = slots.fill(call);
        return style.contractions() ? Contractions.apply(text) : text;
    }

    private static String paragraph(String... parts) {
        List<String> filled = new ArrayList<>(List.of(parts));
        filled.removeIf(String::isEmpty);
        return String.join(" ", filled);
    }

    private String list(List<String> notes) {
        List<String> lines = new ArrayList<>();
        notes.forEach(note -> lines.add("- " + line(note)));
        return String.join("\n", lines);
    }

    private String numbered(List<String> steps) {
        List<String> lines = new ArrayList<>();
        steps.forEach(step -> lines.add((lines.size() + 1) + ". " + line(step)));
        return String.join("\n", lines);
    }

    /** A line of a list starts with a capital letter even where it starts with a slot. */
    private String line(String template) {
        String text = slots.fill(template);
        return text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1);
    }
}
