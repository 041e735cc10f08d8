package io.livegraft.gpu.engine;

import io.livegraft.gpu.generation.GenerationDelta;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/**
 * Serves requests in random batches, chunks and orders: some are suspended for no reason, others for want of pages. What an answer may
 * not depend on is drawn here.
 */
final class RandomServing {
    /** What else the device does between two passes. */
    interface Beside {
        void advance();
    }

    private record Running(int index, Generation generation) {}

    private final Engine engine;
    private final List<StagedAdapter> adapters;
    private final List<CacheKey> keys;
    private final Beside beside;
    private final Random random;
    private final int places;
    private int suspensions;
    private int reused;
    private int largestBatch;

    /** @param keys by version, as adapters; the first version is the base, without one */
    RandomServing(
            Engine engine,
            List<StagedAdapter> adapters,
            List<CacheKey> keys,
            Beside beside,
            Random random,
            int places) {
        this.engine = engine;
        this.adapters = adapters;
        this.keys = keys;
        this.beside = beside;
        this.random = random;
        this.places = places;
    }

    /** Each by itself, whole, sharing nothing. */
    List<List<GenerationDelta>> alone(List<ServedRequest> requests) {
        List<List<GenerationDelta>> answers = new ArrayList<>();
        for (ServedRequest request : requests) {
            List<GenerationDelta> answer = new ArrayList<>();
            try (Generation generation =
                    engine.admit(request.prompt(), request.sampling(), adapter(request.version()))) {
                while (!generation.finished()) {
                    engine.advance(List.of(Advance.whole(generation))).forEach(each -> each.ifPresent(answer::add));
                }
            }
            answers.add(answer);
        }
        return answers;
    }

    List<List<GenerationDelta>> together(List<ServedRequest> requests) {
        List<List<GenerationDelta>> answers = new ArrayList<>();
        requests.forEach(_ -> answers.add(new ArrayList<>()));
        List<Running> running = new ArrayList<>();
        int next = 0;
        while (next < requests.size() || !running.isEmpty()) {
            while (next < requests.size() && running.size() < places && random.nextInt(4) > 0) {
                running.add(admit(next, requests.get(next)));
                next++;
            }
            turn(running, answers);
            beside.advance();
        }
        return answers;
    }

    private Running admit(int index, ServedRequest request) {
        return new Running(
                index,
                engine.admit(
                        request.prompt(), request.sampling(), adapter(request.version()), keys.get(request.version())));
    }

    private Optional<StagedAdapter> adapter(int version) {
        return version == 0 ? Optional.empty() : Optional.of(adapters.get(version - 1));
    }

    private void turn(List<Running> running, List<List<GenerationDelta>> answers) {
        Collections.shuffle(running, random);
        for (Running each : running) {
            if (random.nextInt(40) == 0) {
                each.generation().suspend();
                suspensions++;
            }
        }
        List<Running> batch = new ArrayList<>();
        List<Advance> advances = batch(running, batch);
        List<Optional<GenerationDelta>> deltas = engine.advance(advances);
        largestBatch = Math.max(largestBatch, batch.size());
        for (int i = 0; i < batch.size(); i++) {
            deltas.get(i).ifPresent(answers.get(batch.get(i).index())::add);
        }
        running.removeIf(each -> {
            boolean ended = each.generation().finished();
            if (ended) {
                reused += each.generation().reusedTokens();
                each.generation().close();
            }
            return ended;
        });
    }

    /** Those that pages are left for; where there are none, all the others go. */
    private List<Advance> batch(List<Running> running, List<Running> batch) {
        int most = running.isEmpty() ? 0 : 1 + random.nextInt(running.size());
        List<Advance> advances = new ArrayList<>();
        int pages = 0;
        for (Running each : running.subList(0, most)) {
            int pending = each.generation().pending();
            int tokens = random.nextBoolean() ? pending : 1 + random.nextInt(pending);
            int needed = engine.pagesFor(each.generation(), tokens);
            if (pages + needed <= engine.freePages()) {
                pages += needed;
                batch.add(each);
                advances.add(new Advance(each.generation(), tokens));
            }
        }
        if (advances.isEmpty() && most > 0) {
            running.subList(1, running.size()).forEach(each -> each.generation().suspend());
            suspensions += running.size() - 1;
        }
        return advances;
    }

    int suspensions() {
        return suspensions;
    }

    /** Tokens of prompts that were found computed. */
    int reused() {
        return reused;
    }

    int largestBatch() {
        return largestBatch;
    }
}
