package io.livegraft.actors.bench;

import io.livegraft.actors.metrics.Metrics;
import io.livegraft.gpu.quality.Machine;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * Tenants at rest: each gets one event, is saved and stopped; then some are woken one after another. All events are held out, so
 * that checkpoints are written without training.
 */
public final class TenantsBench {
    private static final double NANOS = 1e9;
    private static final int LOOK_MILLIS = 20;

    private final IngestBenchSettings settings;
    private final WakeSettings wakes;
    private final SyntheticFeedback feedback;

    private TenantsBench(IngestBenchSettings settings, WakeSettings wakes) {
        this.settings = settings;
        this.wakes = wakes;
        this.feedback = new SyntheticFeedback(settings.tenants());
    }

    /**
     * Takes minutes.
     *
     * @param settings with one record for each tenant
     * @param progress told before each part
     */
    public static TenantsReport run(IngestBenchSettings settings, WakeSettings wakes, Consumer<String> progress) {
        Map<String, Object> overrides = new HashMap<>(wakes.wholeAdapters() ? Map.of() : BenchIngest.SMALL_ADAPTERS);
        overrides.put("livegraft.trainer.held-out-share", 255);
        overrides.put("livegraft.trainer.max-wait", "1 s");
        overrides.put("livegraft.trainer.active", settings.tenants());
        overrides.put("livegraft.trainer.idle", "0 s");
        try (BenchIngest ingest = new BenchIngest(settings, overrides)) {
            return new TenantsBench(settings, wakes).run(ingest, progress);
        }
    }

    private TenantsReport run(BenchIngest ingest, Consumer<String> progress) {
        progress.accept("one event for each of %,d tenants".formatted(settings.tenants()));
        double heapPerTenant = heapPerTenant(ingest);
        progress.accept("waking some of them %,d times".formatted(wakes.wakes()));
        long start = System.nanoTime();
        try (BenchIngest.Reading reading = ingest.read()) {
            await(reading::member);
            double startSeconds = (System.nanoTime() - start) / NANOS;
            long first = settings.tenants();
            feedback.trickle(
                    ingest.bootstrapServers(), ingest.topic(), first, first + wakes.wakes(), wakes.apartMillis());
            await(() -> woken(reading.metrics()).getCount() >= distinct());
            HistogramSnapshot.HistogramDataPointSnapshot woken = woken(reading.metrics());
            Quantiles seconds = new Quantiles(woken);
            return new TenantsReport(
                    Machine.current(),
                    settings.tenants(),
                    heapPerTenant,
                    startSeconds,
                    checkpointBytes(),
                    woken.getCount(),
                    wakes.apartMillis(),
                    seconds.at(0.5),
                    seconds.at(0.9),
                    seconds.at(0.99));
        }
    }

    private double heapPerTenant(BenchIngest ingest) {
        try (BenchIngest.Reading reading = ingest.read()) {
            await(reading::member);
            long before = Heap.used();
            feedback.write(ingest.bootstrapServers(), ingest.topic(), 0, settings.tenants());
            await(() -> woken(reading.metrics()).getCount() >= settings.tenants()
                    && reading.progress().isEmpty());
            return (double) (Heap.used() - before) / settings.tenants();
        }
    }

    /** Tenants among those that get a further event. */
    private long distinct() {
        return LongStream.range(settings.tenants(), settings.tenants() + (long) wakes.wakes())
                .mapToObj(feedback::tenant)
                .distinct()
                .count();
    }

    private static HistogramSnapshot.HistogramDataPointSnapshot woken(Metrics metrics) {
        return metrics.registry().scrape("livegraft_wake_seconds"::equals).stream()
                .flatMap(snapshot -> ((HistogramSnapshot) snapshot).getDataPoints().stream())
                .findFirst()
                .orElseThrow();
    }

    private double checkpointBytes() {
        try (Stream<Path> files = Files.walk(settings.directory().resolve("checkpoints"))) {
            return files.filter(file -> file.toString().endsWith(".ckpt"))
                    .mapToLong(file -> file.toFile().length())
                    .average()
                    .orElse(0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void await(BooleanSupplier holds) {
        while (!holds.getAsBoolean()) {
            try {
                Thread.sleep(LOOK_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("interrupted while tenants were awaited", e);
            }
        }
    }
}
