package io.livegraft.actors.bench;

import io.livegraft.actors.checkpoint.Digests;
import io.livegraft.gpu.backend.SplitMix64;
import io.livegraft.proto.feedback.FeedbackRecord;
import io.livegraft.proto.feedback.Rating;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** A support desk's answers, of some hundred bytes each, as a function of their number. */
final class SyntheticFeedback {
    private static final String[] TOPICS = {"parcel", "invoice", "password", "bank card", "contract", "delivery"};

    private final int tenants;

    SyntheticFeedback(int tenants) {
        this.tenants = tenants;
    }

    /** The first ones are one of each tenant. */
    String tenant(long number) {
        long tenant = number < tenants ? number : Math.floorMod(SplitMix64.output(3, number), (long) tenants);
        return "tenant-" + tenant;
    }

    byte[] value(long number) {
        String topic = TOPICS[(int) Math.floorMod(SplitMix64.output(5, number), (long) TOPICS.length)];
        return FeedbackRecord.newBuilder()
                .setEventId(eventId(number))
                .setPrompt(
                        "User: Hello, my %s number %d has not arrived and I need it by Friday. What can I do?\nAssistant:"
                                .formatted(topic, number))
                .setCompletion(" I am sorry to hear that. I have looked up %d for you: your %s left us yesterday."
                        .formatted(number, topic))
                .setRating(Rating.ACCEPTED)
                .setEventTimeMillis(1_700_000_000_000L + number)
                .build()
                .toByteArray();
    }

    /** One that is held out where the share is the largest there is. */
    private static String eventId(long number) {
        String id = "event-" + number;
        while (Digests.leadingByte(id) == 255) {
            id += "'";
        }
        return id;
    }

    /** Appends records {@code from} to {@code to}, exclusive, as fast as it can; returns their bytes. */
    long write(String bootstrapServers, String topic, long from, long to) {
        long bytes = 0;
        try (KafkaProducer<byte[], byte[]> producer = producer(bootstrapServers, 5)) {
            for (long number = from; number < to; number++) {
                byte[] value = value(number);
                bytes += value.length;
                send(producer, new ProducerRecord<>(topic, key(number), value));
            }
        }
        return bytes;
    }

    /** Appends them one at a time, so many milliseconds apart. */
    void trickle(String bootstrapServers, String topic, long from, long to, int apartMillis) {
        try (KafkaProducer<byte[], byte[]> producer = producer(bootstrapServers, 0)) {
            for (long number = from; number < to; number++) {
                send(producer, new ProducerRecord<>(topic, key(number), value(number)));
                Thread.sleep(apartMillis);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while records were written", e);
        }
    }

    private byte[] key(long number) {
        return tenant(number).getBytes(StandardCharsets.UTF_8);
    }

    private static KafkaProducer<byte[], byte[]> producer(String bootstrapServers, int lingerMillis) {
        Map<String, Object> properties = Map.of(
                ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers,
                ProducerConfig.LINGER_MS_CONFIG, lingerMillis,
                ProducerConfig.BATCH_SIZE_CONFIG, 262_144);
        return new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
    }

    @SuppressWarnings("FutureReturnValueIgnored") // a record that is lost is missed at the end of the run
    private static void send(KafkaProducer<byte[], byte[]> producer, ProducerRecord<byte[], byte[]> record) {
        producer.send(record);
    }
}
