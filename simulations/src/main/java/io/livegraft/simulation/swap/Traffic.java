package io.livegraft.simulation.swap;

import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;

/**
 * Requests that arrive as a Poisson process, whether or not earlier ones were answered (an open loop): all tenants, every way to
 * name a version, streamed and whole.
 */
final class Traffic implements AutoCloseable {
    private final SwapSettings run;
    private final Client client;
    private final Chronicles chronicles;
    private final SplittableRandom random;
    private final Queue<Exchange> ended = new ConcurrentLinkedQueue<>();
    private final ExecutorService requests = Executors.newVirtualThreadPerTaskExecutor();
    private final Thread arrivals;
    private volatile boolean closed;

    Traffic(SwapSettings run, Client client, Chronicles chronicles) {
        this.run = run;
        this.client = client;
        this.chronicles = chronicles;
        this.random = new SplittableRandom(run.seed());
        this.arrivals =
                Thread.ofPlatform().name("livegraft-swap-traffic").daemon().start(this::arrive);
    }

    private void arrive() {
        long next = System.nanoTime();
        while (!closed) {
            next += Math.round(-Math.log(1 - random.nextDouble())
                    / run.rate()
                    * Duration.ofSeconds(1).toNanos());
            for (long left = next - System.nanoTime(); left > 0 && !closed; left = next - System.nanoTime()) {
                LockSupport.parkNanos(left);
            }
            if (!closed) {
                send();
            }
        }
    }

    private void send() {
        String tenant = SwapSettings.tenant(random.nextInt(run.tenants()));
        Wanted wanted = wanted(tenant);
        Question question = Question.draw(random);
        boolean streamed = random.nextBoolean();
        requests.execute(() -> ended.add(client.ask(tenant, wanted, question, streamed)));
    }

    private Wanted wanted(String tenant) {
        int dice = random.nextInt(20);
        if (dice < 10) {
            return new Wanted.Serving(false);
        }
        if (dice < 13) {
            return new Wanted.Serving(true);
        }
        return dice < 16
                ? new Wanted.Previous()
                : new Wanted.Version(chronicles.of(tenant).draw(random));
    }

    int answered() {
        return ended.size();
    }

    /** All that ended. */
    List<Exchange> exchanges() {
        return List.copyOf(ended);
    }

    /** Returns when every request has its answer. */
    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(arrivals);
        requests.close();
    }
}
