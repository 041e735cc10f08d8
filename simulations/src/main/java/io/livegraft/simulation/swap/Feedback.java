package io.livegraft.simulation.swap;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.proto.feedback.FeedbackRecord;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** Labelled events that make trainers publish, the tenants in turn. Used from one thread at a time. */
final class Feedback implements AutoCloseable {
    static final String TOPIC = "livegraft.feedback";

    private static final List<String> COLORS = List.of("red", "blue", "green", "grey", "golden", "quiet", "pale");

    private final int tenants;
    private final KafkaProducer<String, byte[]> producer;
    private final AtomicReference<Exception> failure = new AtomicReference<>();
    private int sent;

    Feedback(int tenants, String bootstrapServers) {
        this.tenants = tenants;
        this.producer = new KafkaProducer<>(
                Map.of(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers, ProducerConfig.ACKS_CONFIG, "all"),
                new StringSerializer(),
                new ByteArraySerializer());
    }

    /** One event of the next tenant. */
    @SuppressWarnings("FutureReturnValueIgnored") // the callback tells the outcome
    void send() {
        Exception failed = failure.get();
        if (failed != null) {
            throw new LivegraftException(
                    ErrorCode.UNAVAILABLE, "an event could not be sent to the broker: " + failed, failed);
        }
        int tenant = sent % tenants;
        int number = sent / tenants;
        FeedbackRecord event = FeedbackRecord.newBuilder()
                .setEventId("event-%d-%d".formatted(tenant, number))
                .setEventTimeMillis(System.currentTimeMillis())
                .setPrompt("Tell me of order %d.".formatted(number))
                .setCompletion(" House %d says it is %s.".formatted(tenant, COLORS.get((tenant + number) % 7)))
                .build();
        producer.send(
                new ProducerRecord<>(TOPIC, SwapSettings.tenant(tenant), event.toByteArray()),
                (metadata, broken) -> failure.compareAndSet(null, broken));
        sent++;
    }

    int sent() {
        return sent;
    }

    @Override
    public void close() {
        producer.close();
    }
}
