package io.livegraft.simulation.swap;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * Promotes, rolls back and resumes, some operators at once, each with tenants of its own. Publishing goes on meanwhile, so that
 * what an operator sees may be over when it decides.
 */
final class Swapper {
    private static final int OPERATORS = 4;

    private final SwapSettings run;
    private final NodeApi node;
    private final Chronicles chronicles;
    private final AtomicInteger swaps = new AtomicInteger();
    private final AtomicInteger refused = new AtomicInteger();
    private volatile boolean stopped;

    Swapper(SwapSettings run, NodeApi node, Chronicles chronicles) {
        this.run = run;
        this.node = node;
        this.chronicles = chronicles;
    }

    /** Changes accepted so far, besides resumes. */
    int swaps() {
        return swaps.get();
    }

    /** Changes that a publish overtook: what was to serve served already, or was gone. */
    int refused() {
        return refused.get();
    }

    /** Ends it before its time. */
    void stop() {
        stopped = true;
    }

    /** Begins; done when there were as many as were wanted. */
    CompletableFuture<Void> start() {
        ExecutorService operators = Executors.newVirtualThreadPerTaskExecutor();
        List<CompletableFuture<Void>> all = new ArrayList<>();
        for (int i = 0; i < Math.min(OPERATORS, run.tenants()); i++) {
            int operator = i;
            all.add(CompletableFuture.runAsync(() -> operate(operator), operators));
        }
        return CompletableFuture.allOf(all.toArray(CompletableFuture[]::new));
    }

    private void operate(int operator) {
        SplittableRandom random = new SplittableRandom(run.seed() + 1 + operator);
        int own = (run.tenants() - operator + OPERATORS - 1) / OPERATORS;
        Map<String, Boolean> held = new HashMap<>();
        long interval = run.swapRate() == 0 ? 0 : (long) (OPERATORS / run.swapRate() * 1e9);
        long next = System.nanoTime();
        while (!stopped && swaps.get() < run.swaps()) {
            String tenant = SwapSettings.tenant(operator + OPERATORS * random.nextInt(own));
            if (held.getOrDefault(tenant, false) && random.nextInt(3) > 0) {
                held.put(tenant, change(tenant, "resume", NodeApi.object()));
            } else {
                held.put(tenant, swap(tenant, random));
                next += interval;
                LockSupport.parkNanos(next - System.nanoTime());
            }
        }
    }

    /** Whether publishing is held then. */
    private boolean swap(String tenant, SplittableRandom random) {
        ObjectNode body = NodeApi.object();
        int dice = random.nextInt(10);
        if (dice > 2) { // else to the version before
            body.put("to", chronicles.of(tenant).draw(random));
        }
        return change(tenant, dice < 6 ? "rollback" : "promote", body);
    }

    private boolean change(String tenant, String verb, ObjectNode body) {
        JsonNode answer = node.change(tenant, verb, body.put("reason", "sim swap"));
        if (answer.has("error")) {
            refused.incrementAndGet();
        } else if (!verb.equals("resume")) {
            swaps.incrementAndGet();
        }
        return answer.path("held").asBoolean();
    }

    /** How long the rest will take at the pace so far. */
    Duration left(Duration since) {
        int done = Math.max(1, swaps.get());
        return Duration.ofMillis(since.toMillis() * Math.max(0, run.swaps() - done) / done);
    }
}
