package io.livegraft.actors.bench;

import io.livegraft.gpu.quality.Machine;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Throughput of ingest: a log is written first, then polled by a bare consumer, then read by a node's ingest up to the trainers.
 * All events are held out and no deadline passes, so that nothing is trained or saved.
 */
public final class IngestBench {
    private static final double NANOS = 1e9;
    private static final Duration POLL = Duration.ofMillis(100);
    private static final int LOOK_MILLIS = 200;

    private IngestBench() {}

    /**
     * Takes seconds to minutes.
     *
     * @param progress told before each part
     */
    public static IngestReport run(IngestBenchSettings settings, Consumer<String> progress) {
        SyntheticFeedback feedback = new SyntheticFeedback(settings.tenants());
        try (BenchIngest ingest = new BenchIngest(settings, withoutTraining(settings))) {
            progress.accept("writing %,d records".formatted(settings.records()));
            long start = System.nanoTime();
            long bytes = feedback.write(ingest.bootstrapServers(), ingest.topic(), 0, settings.records());
            double written = settings.records() / seconds(start);
            progress.accept("polling them with a bare consumer");
            double bare = bare(ingest, settings);
            progress.accept("ingest");
            start = System.nanoTime();
            List<IngestReport.Milestone> milestones = milestones(ingest, settings.records(), progress);
            double reached = settings.records() / seconds(start);
            return new IngestReport(
                    Machine.current(),
                    settings,
                    (double) bytes / settings.records(),
                    written,
                    bare,
                    reached,
                    reached / bare,
                    milestones);
        }
    }

    private static Map<String, Object> withoutTraining(IngestBenchSettings settings) {
        Map<String, Object> without = new HashMap<>(BenchIngest.SMALL_ADAPTERS);
        without.put("livegraft.trainer.held-out-share", 255);
        without.put("livegraft.trainer.max-wait", "1000 d");
        without.put("livegraft.trainer.event-window", 1024);
        without.put("livegraft.trainer.active", settings.tenants());
        return without;
    }

    private static double bare(BenchIngest ingest, IngestBenchSettings settings) {
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", ingest.bootstrapServers(), "max.poll.records", 2000),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = IntStream.range(0, settings.partitions())
                    .mapToObj(partition -> new TopicPartition(ingest.topic(), partition))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            long start = System.nanoTime();
            long polled = 0;
            while (polled < settings.records()) {
                polled += consumer.poll(POLL).count();
            }
            return settings.records() / seconds(start);
        }
    }

    /** At a tenth, at a half and at the end. */
    private static List<IngestReport.Milestone> milestones(
            BenchIngest ingest, long records, Consumer<String> progress) {
        List<IngestReport.Milestone> milestones = new ArrayList<>();
        long before = 0;
        try (BenchIngest.Reading reading = ingest.read()) {
            long start = System.nanoTime();
            for (long milestone : new long[] {records / 10, records / 2, records}) {
                long taken = await(reading, milestone);
                double rate = (taken - before) / seconds(start);
                progress.accept("%,d records, %,.0f per second".formatted(taken, rate));
                milestones.add(new IngestReport.Milestone(taken, rate, Heap.used()));
                before = taken;
                start = System.nanoTime();
            }
        }
        return milestones;
    }

    private static long await(BenchIngest.Reading reading, long records) {
        long taken = reading.taken();
        while (taken < records) {
            try {
                Thread.sleep(LOOK_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("interrupted while records were read", e);
            }
            taken = reading.taken();
        }
        return taken;
    }

    private static double seconds(long sinceNanos) {
        return (System.nanoTime() - sinceNanos) / NANOS;
    }
}
