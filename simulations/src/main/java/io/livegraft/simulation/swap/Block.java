package io.livegraft.simulation.swap;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;

/**
 * What clients felt while the same requests came in at the same moments as in every other block.
 *
 * @param firstTokenMillis mean over the answers
 * @param nextTokenMillis mean time between two tokens
 * @param failed without an answer
 */
record Block(double firstTokenMillis, double nextTokenMillis, int failed) {
    /** Returns when all are answered. */
    static Block run(List<Arrival> arrivals, Client client) {
        long began = System.nanoTime();
        List<CompletableFuture<Exchange.Outcome>> answers = new ArrayList<>();
        try (ExecutorService requests = Executors.newVirtualThreadPerTaskExecutor()) {
            for (Arrival arrival : arrivals) {
                await(began + arrival.after().toNanos());
                answers.add(CompletableFuture.supplyAsync(
                        () -> client.ask(arrival.tenant(), arrival.question(), true), requests));
            }
        }
        return of(answers.stream().map(CompletableFuture::join).toList());
    }

    private static void await(long due) {
        for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
    }

    static Block of(List<Exchange.Outcome> outcomes) {
        List<Exchange.Answered> answered = outcomes.stream()
                .flatMap(outcome -> outcome instanceof Exchange.Answered answer
                        ? List.of(answer).stream()
                        : List.<Exchange.Answered>of().stream())
                .toList();
        double first = answered.stream()
                .mapToDouble(answer -> millis(answer.toFirstToken()))
                .average()
                .orElse(Double.NaN);
        double next = answered.stream()
                .filter(answer -> tokens(answer) > 1)
                .mapToDouble(answer -> millis(answer.toEnd().minus(answer.toFirstToken())) / (tokens(answer) - 1))
                .average()
                .orElse(Double.NaN);
        return new Block(first, next, outcomes.size() - answered.size());
    }

    private static int tokens(Exchange.Answered answer) {
        return answer.said().answer().tokens();
    }

    private static double millis(Duration time) {
        return time.toNanos() / 1e6;
    }
}
