package io.livegraft.simulation.demo;

import io.livegraft.simulation.feedback.Probe;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Asks the tenants' models in turn for short streamed answers, at a steady pace whether or not earlier ones have ended. At most
 * {@value #IN_FLIGHT} run at once; a request that is due beyond that is counted as deferred and not sent.
 */
final class Prober implements AutoCloseable {
    private static final int IN_FLIGHT = 12;
    private static final int MAX_TOKENS = 24;
    private static final Duration PERIOD = Duration.ofMillis(350);
    private static final Duration END = Duration.ofSeconds(30);

    private final NodeClient node;
    private final Map<String, Probe> probes;
    private final Freshness freshness;
    private final Tally tally;
    private final Semaphore places = new Semaphore(IN_FLIGHT);
    private final Map<String, Integer> latest = new ConcurrentHashMap<>();
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("prober").factory());
    private final ExecutorService requests = Executors.newVirtualThreadPerTaskExecutor();
    private volatile List<Asked> asked = List.of();
    private int turn;

    private record Asked(String tenant, Probe probe) {}

    Prober(NodeClient node, Map<String, Probe> probes, Measurements measurements) {
        this.node = node;
        this.probes = Map.copyOf(probes);
        this.freshness = measurements.freshness();
        this.tally = measurements.tally();
    }

    @SuppressWarnings("FutureReturnValueIgnored") // ticks until the clock is shut down; a tick never throws
    void start() {
        clock.scheduleAtFixedRate(this::tick, 0, PERIOD.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Only known tenants are asked: before its first event nobody knows a tenant, and 404 is the right answer. */
    void know(Set<String> known) {
        asked = probes.entrySet().stream()
                .filter(entry -> known.contains(entry.getKey()))
                .map(entry -> new Asked(entry.getKey(), entry.getValue()))
                .toList();
    }

    /** The newest version of the tenant that has answered; 0 before the first. */
    int latestVersion(String tenant) {
        return latest.getOrDefault(tenant, 0);
    }

    /** Sends nothing more and lets running requests end. */
    @Override
    public void close() {
        clock.shutdownNow();
        requests.shutdown();
        try {
            if (!requests.awaitTermination(END.toSeconds(), TimeUnit.SECONDS)) {
                tally.failed("requests were still running %d s after the last".formatted(END.toSeconds()));
                requests.shutdownNow();
            }
        } catch (InterruptedException interrupted) {
            requests.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }

    private void tick() {
        List<Asked> turns = asked;
        if (turns.isEmpty()) {
            return;
        }
        Asked next = turns.get(turn++ % turns.size());
        if (places.tryAcquire()) {
            requests.execute(() -> ask(next.tenant(), next.probe()));
        } else {
            tally.deferred();
        }
    }

    private void ask(String tenant, Probe probe) {
        try {
            StreamedAnswer answer = node.stream(tenant, probe, MAX_TOKENS);
            freshness.answered(tenant, answer.version(), answer.firstTokenMillis());
            latest.merge(tenant, answer.version(), Math::max);
            tally.answered(answer.ofOneVersion());
        } catch (RuntimeException failure) {
            tally.failed(tenant + ": " + failure.getMessage());
        } finally {
            places.release();
        }
    }
}
