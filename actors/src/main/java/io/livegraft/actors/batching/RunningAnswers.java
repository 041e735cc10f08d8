package io.livegraft.actors.batching;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Answers on the device, oldest first, and who of them is fed next. The oldest always is: when pages run out the youngest give
 * theirs back, so everything ends whatever comes. Hence the suspended ones are always the youngest, and the oldest of them
 * goes on first.
 */
final class RunningAnswers<K> {
    private final int turnTokens;
    private final int pageTokens;
    private final Map<K, Running<K>> byAge = new LinkedHashMap<>();

    RunningAnswers(int turnTokens, int pageTokens) {
        this.turnTokens = turnTokens;
        this.pageTokens = pageTokens;
    }

    int size() {
        return byAge.size();
    }

    Collection<Running<K>> all() {
        return byAge.values();
    }

    Optional<Running<K>> find(K key) {
        return Optional.ofNullable(byAge.get(key));
    }

    void add(Running<K> running) {
        byAge.put(running.answer().key(), running);
    }

    Optional<Running<K>> remove(K key) {
        return Optional.ofNullable(byAge.remove(key));
    }

    /** Whether one more would be fed at once, and have pages for its whole prompt beside a page for each that runs. */
    boolean hasRoomFor(Answer<K> answer, int freePages) {
        if (byAge.isEmpty()) {
            return true;
        }
        if (all().stream().anyMatch(Running::suspended)) {
            return false;
        }
        long catchingUp = 0;
        long reserved = byAge.size();
        for (Running<K> each : all()) {
            if (each.catchesUp()) {
                catchingUp += each.pending();
                reserved += each.pagesToCatchUp();
            }
        }
        long pages = answer.promptTokens() / pageTokens + 1L;
        return catchingUp < turnTokens && reserved + pages <= freePages;
    }

    /** One turn: a token for each that has only its last one to feed, and of prompts and replays what the bound allows. */
    Effect<K> plan(int freePages) {
        List<Effect.Chunk<K>> batch = new ArrayList<>();
        int pages = freePages;
        int tokens = turnTokens;
        for (Running<K> each : all()) {
            if (each.suspended() && !canResume(each, pages)) {
                break;
            }
            int fed = each.catchesUp() ? Math.min(each.pending(), tokens) : 1;
            if (fed > 0) {
                int needed = each.pagesFor(fed);
                if (needed > pages) {
                    return suspendYoungest();
                }
                each.suspended(false);
                pages -= needed;
                tokens -= each.catchesUp() ? fed : 0;
                batch.add(new Effect.Chunk<>(each.answer().key(), fed));
            }
        }
        return new Effect.Advance<>(batch);
    }

    /** Only with all it lost, and a page for each that runs: else it would be suspended again at once. */
    private boolean canResume(Running<K> suspended, int pages) {
        long others = all().stream().filter(each -> !each.suspended()).count();
        return others == 0 || suspended.pagesToCatchUp() + others <= pages;
    }

    private Effect<K> suspendYoungest() {
        List<Running<K>> holding =
                all().stream().filter(each -> !each.suspended()).toList();
        if (holding.size() < 2) {
            throw new IllegalStateException("the device's pages do not hold a single answer");
        }
        Running<K> youngest = holding.getLast();
        youngest.suspended(true);
        return new Effect.Suspend<>(youngest.answer().key());
    }
}
