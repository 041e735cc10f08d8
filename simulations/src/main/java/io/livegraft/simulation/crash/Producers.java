package io.livegraft.simulation.crash;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.simulation.run.JavaProcess;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Goes on sending the run's records whatever becomes of the node, one at a time with the broker's word for each, in bursts and
 * with pauses; never further than was asked for.
 */
final class Producers implements AutoCloseable {
    private static final Duration IDLE = Duration.ofMillis(5);

    private final CrashSettings run;
    private final KafkaProducer<byte[], byte[]> producer;
    private final CompletableFuture<Void> sending;
    private volatile int wanted;
    private final AtomicInteger acknowledged = new AtomicInteger();
    private volatile boolean closed;

    Producers(CrashSettings run, String bootstrapServers) {
        this.run = run;
        this.producer = new KafkaProducer<>(
                Map.of(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers, ProducerConfig.ACKS_CONFIG, "all"),
                new ByteArraySerializer(),
                new ByteArraySerializer());
        this.sending = CompletableFuture.runAsync(this::send, task -> Thread.ofPlatform()
                .name("livegraft-crash-producer")
                .daemon()
                .start(task));
    }

    /** Sends on until so many records are in the log. */
    void sendUntil(int records) {
        wanted = Math.min(records, run.events());
    }

    int acknowledged() {
        return acknowledged.get();
    }

    /** Returns when the broker has every record that was asked for. */
    void await() {
        while (acknowledged.get() < wanted && !sending.isDone()) {
            JavaProcess.pause(IDLE);
        }
        if (sending.isDone()) {
            sending.join();
        }
    }

    private void send() {
        SplittableRandom random = new SplittableRandom(run.seed());
        while (!closed) {
            if (acknowledged.get() < wanted) {
                send(CrashEvent.of(run, acknowledged.get()));
                acknowledged.incrementAndGet();
                JavaProcess.pause(Duration.ofMillis(random.nextInt(4) == 0 ? random.nextInt(200) : 0));
            } else {
                JavaProcess.pause(IDLE);
            }
        }
    }

    private void send(CrashEvent event) {
        try {
            producer.send(new ProducerRecord<>(
                            CrashLog.FEEDBACK_TOPIC,
                            event.key().getBytes(StandardCharsets.UTF_8),
                            event.value().orElse(null)))
                    .get();
        } catch (ExecutionException failed) {
            throw new LivegraftException(
                    ErrorCode.UNAVAILABLE, "the broker did not take a record: " + failed.getCause(), failed);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new LivegraftException(ErrorCode.UNAVAILABLE, "interrupted while sending", interrupted);
        }
    }

    @Override
    public void close() {
        closed = true;
        try {
            sending.join();
        } finally {
            producer.close(Duration.ofSeconds(5));
        }
    }
}
