package io.livegraft.actors.replay;

import io.livegraft.actors.trainer.Replay;
import io.livegraft.actors.trainer.Trainer;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.pekko.actor.typed.ActorSystem;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes versions anew from their logs, one at a time and entry by entry, with the base, the settings and the device of this node;
 * steps queue for the device like any other work. What a running trainer has in memory or on disk takes no part in it.
 */
public final class Rebuilds implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Rebuilds.class);
    private static final long CLOSE_SECONDS = 10;

    private final ActorSystem<?> system;
    private final Trainer.Environment environment;
    private final int bound;
    private final ThreadPoolExecutor worker;
    private final Map<String, Rebuild> rebuilds = new LinkedHashMap<>();
    private final AtomicBoolean closed = new AtomicBoolean();
    private long started;

    public Rebuilds(ActorSystem<?> system, Trainer.Environment environment, ReplaySettings settings) {
        this.system = system;
        this.environment = environment;
        this.bound = 1 + settings.waitingRebuilds() + settings.keptRebuilds();
        this.worker = new ThreadPoolExecutor(
                1,
                1,
                0,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(settings.waitingRebuilds()),
                Thread.ofPlatform().name("livegraft-rebuild").daemon().factory());
    }

    /** OVERLOADED when too many wait. */
    public synchronized Rebuild start(Rebuild.Target target) {
        Rebuild.Running running = new Rebuild.Running(Long.toString(++started), target);
        try {
            worker.execute(() -> run(running));
        } catch (RejectedExecutionException e) {
            throw new LivegraftException(
                    ErrorCode.OVERLOADED,
                    "%d rebuilds wait already; try again later"
                            .formatted(worker.getQueue().size()),
                    e);
        }
        rebuilds.put(running.id(), running);
        if (rebuilds.size() > bound) {
            rebuilds.remove(rebuilds.keySet().iterator().next()); // the oldest: those that wait or run are the youngest
        }
        return running;
    }

    public synchronized Optional<Rebuild> find(String id) {
        return Optional.ofNullable(rebuilds.get(id));
    }

    private synchronized void ended(Rebuild rebuild) {
        rebuilds.replace(rebuild.id(), rebuild);
    }

    private void run(Rebuild.Running running) {
        try {
            ended(done(running));
        } catch (LivegraftException e) {
            ended(new Rebuild.Failed(running.id(), running.target(), e));
        } catch (RuntimeException e) {
            ended(new Rebuild.Failed(
                    running.id(),
                    running.target(),
                    new LivegraftException(ErrorCode.UNAVAILABLE, "the rebuild failed: " + e, e)));
        }
    }

    private Rebuild.Done done(Rebuild.Running running) {
        Rebuild.Target target = running.target();
        long beginNanos = System.nanoTime();
        Replay replay = Replay.of(environment, system, target.tenant(), target.partition(), closed::get);
        Replay.Rebuilt rebuilt = replay.rebuilt(target.offset(), target.without());
        return new Rebuild.Done(
                running.id(),
                target,
                rebuilt.adapterDigest(),
                rebuilt.events(),
                rebuilt.steps(),
                (System.nanoTime() - beginNanos) / 1e9);
    }

    /** A running rebuild ends at its next entry. */
    @Override
    public void close() {
        closed.set(true);
        worker.shutdownNow();
        try {
            if (!worker.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
                LOG.warn("a rebuild still runs after {} s", CLOSE_SECONDS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
