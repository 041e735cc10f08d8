package io.livegraft.actors.ingest;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Writes to the broker without blocking the caller; what is done is on all replicas, once and in order. */
public final class LogWriter implements AutoCloseable {
    private static final Duration CLOSE = Duration.ofSeconds(5);

    private final KafkaProducer<byte[], byte[]> producer;
    private final ExecutorService sender = Executors.newSingleThreadExecutor(
            Thread.ofPlatform().name("livegraft-log-writer").daemon().factory());

    public LogWriter(String bootstrapServers) {
        Map<String, Object> properties = new HashMap<>();
        properties.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
        properties.put(ProducerConfig.ACKS_CONFIG, "all");
        properties.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, "true");
        properties.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, "5000");
        properties.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, "5000");
        properties.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, "15000");
        this.producer = new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
    }

    /** To the partition of a tenant. */
    public CompletionStage<RecordMetadata> append(String topic, String tenant, byte[] value) {
        return write(new ProducerRecord<>(topic, tenant.getBytes(StandardCharsets.UTF_8), value));
    }

    /** To the partition where a tenant's log is known to be. */
    public CompletionStage<RecordMetadata> append(String topic, int partition, String tenant, byte[] value) {
        return write(new ProducerRecord<>(topic, partition, tenant.getBytes(StandardCharsets.UTF_8), value));
    }

    /** To one partition, for all its tenants. */
    public CompletionStage<RecordMetadata> append(String topic, int partition, byte[] value) {
        return write(new ProducerRecord<>(topic, partition, null, value));
    }

    /** Unchanged bytes with headers that say what they are. */
    public CompletionStage<RecordMetadata> append(
            String topic, Optional<byte[]> key, Optional<byte[]> value, Map<String, String> headers) {
        ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(topic, key.orElse(null), value.orElse(null));
        headers.forEach((name, text) -> record.headers().add(name, text.getBytes(StandardCharsets.UTF_8)));
        return write(record);
    }

    private CompletionStage<RecordMetadata> write(ProducerRecord<byte[], byte[]> record) {
        CompletableFuture<RecordMetadata> written = new CompletableFuture<>();
        try {
            // The producer blocks its caller while it waits for the broker or for room in its buffer.
            sender.execute(() -> send(record, written));
        } catch (RejectedExecutionException e) {
            written.completeExceptionally(e);
        }
        return written;
    }

    @SuppressWarnings("FutureReturnValueIgnored") // the callback tells the outcome
    private void send(ProducerRecord<byte[], byte[]> record, CompletableFuture<RecordMetadata> written) {
        try {
            producer.send(record, (metadata, failure) -> {
                if (failure == null) {
                    written.complete(metadata);
                } else {
                    written.completeExceptionally(failure);
                }
            });
        } catch (RuntimeException e) {
            written.completeExceptionally(e);
        }
    }

    @Override
    public void close() {
        sender.shutdown();
        producer.close(CLOSE);
    }
}
