package io.livegraft.actors.replay;

import io.livegraft.actors.ingest.LogEntries;
import io.livegraft.actors.trainer.LogEntry;
import io.livegraft.actors.trainer.TenantLog;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * The feedback topic, read by a consumer of its own without a group: nobody's offsets move. Decodes as ingest does, by the same
 * {@link LogEntries}, so that nothing differs.
 */
public final class KafkaTenantLog implements TenantLog {
    private static final Duration POLL = Duration.ofMillis(500);

    private final String bootstrapServers;
    private final String topic;
    private final TenantEntries tenantEntries;
    private final Duration patience;

    /** @param patience how long the broker may give nothing while more must come */
    public KafkaTenantLog(String bootstrapServers, String topic, LogEntries entries, Duration patience) {
        this.bootstrapServers = bootstrapServers;
        this.topic = topic;
        this.tenantEntries = new TenantEntries(entries);
        this.patience = patience;
    }

    @Override
    public void read(String tenant, int partition, long from, long through, Consumer<LogEntry> taker) {
        if (through < from) {
            return;
        }
        TopicPartition place = new TopicPartition(topic, partition);
        try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
            consumer.assign(List.of(place));
            requireReach(consumer, place, from, through);
            consumer.seek(place, from);
            read(consumer, place, tenant, through, taker);
        } catch (KafkaException e) {
            throw new LivegraftException(ErrorCode.UNAVAILABLE, "%s can't be read: %s".formatted(place, e), e);
        }
    }

    private void requireReach(KafkaConsumer<byte[], byte[]> consumer, TopicPartition place, long from, long through) {
        long begin = consumer.beginningOffsets(List.of(place), patience).getOrDefault(place, 0L);
        long end = consumer.endOffsets(List.of(place), patience).getOrDefault(place, 0L);
        if (begin > from || end <= through) {
            throw new LivegraftException(
                    ErrorCode.UNAVAILABLE,
                    "%s holds offsets %d to %d, expected %d to %d to be there"
                            .formatted(place, begin, end - 1, from, through));
        }
    }

    private void read(
            KafkaConsumer<byte[], byte[]> consumer,
            TopicPartition place,
            String tenant,
            long through,
            Consumer<LogEntry> taker) {
        long lastRecordNanos = System.nanoTime();
        while (consumer.position(place, patience) <= through) {
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
                lastRecordNanos = System.nanoTime();
                if (record.offset() <= through) {
                    tenantEntries
                            .entry(
                                    tenant,
                                    Optional.ofNullable(record.key()),
                                    Optional.ofNullable(record.value()),
                                    record.offset(),
                                    record.timestamp())
                            .ifPresent(taker);
                }
            }
            if (System.nanoTime() - lastRecordNanos > patience.toNanos()) {
                throw new LivegraftException(
                        ErrorCode.UNAVAILABLE,
                        "%s gave nothing for %s before offset %d".formatted(place, patience, through));
            }
        }
    }

    private KafkaConsumer<byte[], byte[]> consumer() {
        return new KafkaConsumer<>(
                Map.of(
                        ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
                        bootstrapServers,
                        ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG,
                        "false",
                        ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG,
                        "false",
                        ConsumerConfig.AUTO_OFFSET_RESET_CONFIG,
                        "none"),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer());
    }
}
