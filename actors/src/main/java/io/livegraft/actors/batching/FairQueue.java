package io.livegraft.actors.batching;

import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Answers that wait for a place: a line for each tenant, and whose turn it is. */
final class FairQueue<K> {
    private final Map<String, Deque<Answer<K>>> lines = new LinkedHashMap<>();
    private final Shares shares;

    FairQueue(Shares shares) {
        this.shares = shares;
    }

    void add(Answer<K> answer) {
        line(answer.tenant()).addLast(answer);
    }

    /** They waited for another answer to the same prompt, and go before what came later. */
    void addFirst(List<Answer<K>> answers) {
        answers.reversed().forEach(answer -> line(answer.tenant()).addFirst(answer));
    }

    /** The first one of the tenant that was served least, of those that may run. */
    Optional<Answer<K>> first() {
        return lines.entrySet().stream()
                .filter(line -> shares.mayRun(line.getKey()))
                .min(Comparator.comparingDouble(line -> shares.service(line.getKey())))
                .map(line -> line.getValue().getFirst());
    }

    boolean remove(Answer<K> answer) {
        boolean removed = line(answer.tenant()).remove(answer);
        lines.values().removeIf(Deque::isEmpty);
        return removed;
    }

    Stream<Answer<K>> all() {
        return lines.values().stream().flatMap(Deque::stream);
    }

    private Deque<Answer<K>> line(String tenant) {
        return lines.computeIfAbsent(tenant, name -> new ArrayDeque<>());
    }
}
