package io.livegraft.simulation.swap;

import io.livegraft.simulation.swap.AnswerOracle.Asked;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Whether the oracle would have seen one version's answer under another's name.
 *
 * @param alike pairs of versions with the same answer to the same question
 * @param pairs of versions that were asked the same question
 */
record Discrimination(long alike, long pairs) {
    static Discrimination of(Map<Asked, Answer> oracle) {
        Map<Question, List<Answer>> byQuestion = oracle.entrySet().stream()
                .collect(Collectors.groupingBy(
                        entry -> entry.getKey().question(),
                        HashMap::new,
                        Collectors.mapping(Map.Entry::getValue, Collectors.toList())));
        long alike = 0;
        long pairs = 0;
        for (List<Answer> answers : byQuestion.values()) {
            pairs += pairs(answers.size());
            alike += alike(answers);
        }
        return new Discrimination(alike, pairs);
    }

    private static long alike(List<Answer> answers) {
        if (new HashSet<>(answers).size() == answers.size()) {
            return 0;
        }
        return answers.stream()
                .collect(Collectors.groupingBy(answer -> answer, Collectors.counting()))
                .values()
                .stream()
                .mapToLong(Discrimination::pairs)
                .sum();
    }

    private static long pairs(long of) {
        return of * (of - 1) / 2;
    }
}
