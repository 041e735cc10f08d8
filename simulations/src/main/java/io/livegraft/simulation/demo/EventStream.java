package io.livegraft.simulation.demo;

import com.google.protobuf.InvalidProtocolBufferException;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.proto.feedback.FeedbackRecord;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** The feedback topic from a producer's side: key = tenant, value = FeedbackRecord. Used from one thread. */
final class EventStream implements AutoCloseable {
    static final String FEEDBACK_TOPIC = "livegraft.feedback";
    static final String DEAD_LETTER_TOPIC = "livegraft.feedback.dlq";

    private static final Duration POLL = Duration.ofSeconds(1);
    private static final Duration METADATA_TIMEOUT = Duration.ofSeconds(30);
    private static final Duration READ_BACK_TIMEOUT = Duration.ofMinutes(1);

    private final String bootstrapServers;
    private final KafkaProducer<String, byte[]> producer;
    private final AtomicReference<Exception> failure = new AtomicReference<>();

    /** Told when the broker has an event. */
    @FunctionalInterface
    interface Acknowledged {
        void at(int partition, long offset);
    }

    EventStream(String bootstrapServers) {
        this.bootstrapServers = bootstrapServers;
        producer = new KafkaProducer<>(
                Map.of(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers, ProducerConfig.ACKS_CONFIG, "all"),
                new StringSerializer(),
                new ByteArraySerializer());
    }

    /** Does not wait for the broker; a failure is thrown by a later call. */
    @SuppressWarnings("FutureReturnValueIgnored") // the callback tells the outcome
    void send(String tenant, FeedbackRecord event, Acknowledged acknowledged) {
        throwFailure();
        producer.send(
                new ProducerRecord<>(FEEDBACK_TOPIC, tenant, event.toByteArray()),
                (RecordMetadata metadata, Exception failed) -> {
                    if (failed == null) {
                        acknowledged.at(metadata.partition(), metadata.offset());
                    } else {
                        failure.compareAndSet(null, failed);
                    }
                });
    }

    /** Returns when the broker has everything sent so far. */
    void flush() {
        producer.flush();
        throwFailure();
    }

    /** The events in the feedback topic, from its beginning to where it ends now. */
    LogContents feedback() {
        return read(FEEDBACK_TOPIC);
    }

    /** The events that the node could not use. */
    LogContents deadLetters() {
        return read(DEAD_LETTER_TOPIC);
    }

    @Override
    public void close() {
        producer.close(Duration.ofSeconds(5));
    }

    private LogContents read(String topic) {
        LogContents.Builder contents = new LogContents.Builder();
        try (var consumer = new KafkaConsumer<>(
                Map.of(
                        ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
                        bootstrapServers,
                        ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG,
                        false),
                new StringDeserializer(),
                new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = consumer.partitionsFor(topic, METADATA_TIMEOUT).stream()
                    .map(info -> new TopicPartition(info.topic(), info.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            long deadline = System.nanoTime() + READ_BACK_TIMEOUT.toNanos();
            while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
                if (System.nanoTime() > deadline) {
                    throw new LivegraftException(
                            ErrorCode.UNAVAILABLE,
                            "topic %s could not be read within %d s".formatted(topic, READ_BACK_TIMEOUT.toSeconds()));
                }
                consumer.poll(POLL).forEach(record -> add(record, contents));
            }
            return contents.build();
        } catch (KafkaException failed) {
            throw new LivegraftException(
                    ErrorCode.UNAVAILABLE, "topic %s can't be read: %s".formatted(topic, failed), failed);
        }
    }

    private static void add(ConsumerRecord<String, byte[]> record, LogContents.Builder contents) {
        if (record.key() == null || record.value() == null) {
            return; // A tick of the node's own, or a foreign record.
        }
        try {
            FeedbackRecord event = FeedbackRecord.parseFrom(record.value());
            if (!event.hasTick()) {
                contents.add(record.key(), event.getEventId(), record.offset());
            }
        } catch (InvalidProtocolBufferException foreign) {
            // Somebody else's record: the node's dead-letter topic tells of it, this story has no use for it.
        }
    }

    private void throwFailure() {
        Exception failed = failure.get();
        if (failed != null) {
            throw new LivegraftException(
                    ErrorCode.UNAVAILABLE, "an event could not be sent to the broker: " + failed, failed);
        }
    }
}
