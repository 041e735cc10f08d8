package io.livegraft.simulation.corpus;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads one grammar file, line by line; a line that fits nothing is refused with its number. */
final class GrammarReader {
    private final String file;
    private final Map<String, List<String>> slots = new LinkedHashMap<>();
    private final List<Intent> intents = new ArrayList<>();
    private Draft draft = new Draft("", "");
    private int line;

    GrammarReader(String file) {
        this.file = file;
    }

    Domain read(String text) {
        for (String raw : text.split("\n", -1)) {
            line++;
            String content = raw.strip();
            if (!content.isEmpty() && !content.startsWith("#")) {
                accept(content);
            }
        }
        finish();
        String name = file.replace(".txt", "");
        return new Domain(name, Map.copyOf(slots), List.copyOf(intents));
    }

    private void accept(String content) {
        if (content.startsWith("== ")) {
            finish();
            List<String> head = parts(content.substring(3), " \\| ", 2);
            draft = new Draft(head.get(0), head.get(1));
        } else if (draft.name.isEmpty()) {
            List<String> slot = parts(content, " = ", 2);
            slots.put(slot.get(0), List.of(slot.get(1).split(" \\| ")));
        } else {
            String rest = content.substring(1).strip();
            switch (content.charAt(0)) {
                case '?' -> draft.questions.add(rest);
                case '1' -> draft.answers.add(rest);
                case '2' -> draft.details.add(rest);
                case '-' -> draft.steps.add(rest);
                case '!' -> draft.note(Arrays.asList(rest.split("; ")));
                case '+' -> draft.offer = parts(rest, " => ", 2);
                case '>' -> draft.followUpQuestion = rest;
                case '<' -> draft.answerFollowUp(rest);
                default -> throw refusal("'" + content + "' starts with none of == ? 1 2 - ! + > <");
            }
        }
    }

    private void finish() {
        if (!draft.name.isEmpty()) {
            if (draft.questions.isEmpty() || draft.answers.isEmpty() || draft.notes.isEmpty()) {
                throw refusal("intent '" + draft.name + "' needs a question (?), an answer (1) and notes (!)");
            }
            intents.add(draft.intent());
        }
    }

    private List<String> parts(String text, String separator, int count) {
        List<String> parts = List.of(text.split(separator));
        if (parts.size() != count) {
            throw refusal(
                    "'" + text + "' has " + parts.size() + " parts around '" + separator + "' instead of " + count);
        }
        return parts;
    }

    private LivegraftException refusal(String reason) {
        return new LivegraftException(ErrorCode.INVALID_CONFIGURATION, file + " line " + line + ": " + reason);
    }

    /** An intent while its lines are read. */
    private static final class Draft {
        private final String name;
        private final String topic;
        private final List<String> questions = new ArrayList<>();
        private final List<String> answers = new ArrayList<>();
        private final List<String> details = new ArrayList<>();
        private final List<String> steps = new ArrayList<>();
        private List<String> notes = List.of();
        private List<String> offer = List.of("", "");
        private String followUpQuestion = "";
        private final List<Intent.FollowUp> followUps = new ArrayList<>();

        Draft(String name, String topic) {
            this.name = name;
            this.topic = topic;
        }

        void note(List<String> few) {
            if (followUps.isEmpty()) {
                notes = List.copyOf(few);
            } else {
                Intent.FollowUp last = followUps.removeLast();
                followUps.add(new Intent.FollowUp(last.question(), last.answer(), List.copyOf(few)));
            }
        }

        void answerFollowUp(String answer) {
            followUps.add(new Intent.FollowUp(followUpQuestion, answer, List.of()));
        }

        Intent intent() {
            return new Intent(
                    name,
                    topic,
                    List.copyOf(questions),
                    List.copyOf(answers),
                    List.copyOf(details),
                    List.copyOf(steps),
                    notes,
                    offer.get(0),
                    offer.get(1),
                    List.copyOf(followUps));
        }
    }
}
