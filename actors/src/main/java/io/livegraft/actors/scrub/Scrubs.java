package io.livegraft.actors.scrub;

import io.livegraft.actors.metrics.Metrics;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Scrubs a node's stores on a thread of their own: when asked, and from time to time. */
public final class Scrubs implements Scrubbing, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Scrubs.class);

    private final Stores stores;
    private final ScrubSettings settings;
    private final Metrics metrics;
    private final ScheduledExecutorService worker = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("livegraft-scrub").daemon().factory());
    private Optional<Scrub> latest = Optional.empty();
    private long started;

    public Scrubs(Stores stores, ScrubSettings settings, Metrics metrics) {
        this.stores = stores;
        this.settings = settings;
        this.metrics = metrics;
        long millis = settings.interval().toMillis();
        if (millis > 0) {
            var _ = worker.scheduleWithFixedDelay(this::start, millis, millis, TimeUnit.MILLISECONDS);
        }
    }

    @Override
    public synchronized Scrub start() {
        if (latest.isPresent() && latest.get() instanceof Scrub.Running running) {
            return running;
        }
        Scrub.Running running = new Scrub.Running(++started);
        latest = Optional.of(running);
        worker.execute(() -> run(running));
        return running;
    }

    @Override
    public synchronized Optional<Scrub> latest() {
        return latest;
    }

    private synchronized void ended(Scrub scrub) {
        latest = Optional.of(scrub);
    }

    private void run(Scrub.Running running) {
        try {
            ScrubReport report = new StoreScrub(stores, settings.listed()).run(this::pause);
            report.damaged().forEach(each -> LOG.error("damaged: {}", each));
            metrics.scrubbed("checkpoints", tallied(report.checkpoints()));
            metrics.scrubbed("adapters", tallied(report.adapters()));
            metrics.scrubbed("archive", tallied(report.archive()));
            metrics.orphansDeleted(report.orphans());
            ended(new Scrub.Done(running.id(), report));
        } catch (IOException | RuntimeException e) {
            LOG.warn("the stores can't be scrubbed", e);
            ended(new Scrub.Failed(
                    running.id(),
                    new LivegraftException(ErrorCode.UNAVAILABLE, "the stores can't be scrubbed: " + e, e)));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            ended(new Scrub.Failed(running.id(), new LivegraftException(ErrorCode.UNAVAILABLE, "the node stops", e)));
        }
    }

    private static Metrics.Scrubbed tallied(ScrubReport.Tally tally) {
        return new Metrics.Scrubbed(tally.whole(), tally.unfinished(), tally.damaged());
    }

    private void pause(long sinceNanos) throws InterruptedException {
        long left = settings.grace().toNanos() - (System.nanoTime() - sinceNanos);
        if (left > 0) {
            TimeUnit.NANOSECONDS.sleep(left);
        }
    }

    /** A running scrub ends where it is. */
    @Override
    public void close() {
        worker.shutdownNow();
    }
}
