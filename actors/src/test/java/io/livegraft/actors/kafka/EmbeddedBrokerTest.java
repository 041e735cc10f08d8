package io.livegraft.actors.kafka;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedBrokerTest {
    private static final KafkaSettings SETTINGS =
            new KafkaSettings(true, "", 0, "livegraft.feedback", "livegraft.feedback.dlq", 3, (short) 1);

    @TempDir
    private Path directory;

    @Test
    void recordsSurviveARestartWithTheLogsOwnTime() throws Exception {
        long before = System.currentTimeMillis();
        try (EmbeddedBroker broker = EmbeddedBroker.start(directory, 0)) {
            Topics.create(broker.bootstrapServers(), SETTINGS);
            produce(broker, "first");
        }
        try (EmbeddedBroker broker = EmbeddedBroker.start(directory, 0)) {
            Topics.create(broker.bootstrapServers(), SETTINGS);
            produce(broker, "second");
            List<ConsumerRecord<String, String>> records = consume(broker, 2);
            assertEquals(
                    List.of("first", "second"),
                    records.stream().map(ConsumerRecord::value).toList());
            assertEquals(TimestampType.LOG_APPEND_TIME, records.getFirst().timestampType());
            assertTrue(records.getFirst().timestamp() >= before);
        }
    }

    @Test
    void aBusyPortIsNamed() throws Exception {
        try (ServerSocket busy = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            LivegraftException refusal =
                    assertThrows(LivegraftException.class, () -> EmbeddedBroker.start(directory, busy.getLocalPort()));
            assertEquals(ErrorCode.PORT_IN_USE, refusal.code());
            assertTrue(
                    String.valueOf(refusal.getMessage()).contains("port " + busy.getLocalPort()), refusal.getMessage());
        }
    }

    private static void produce(EmbeddedBroker broker, String value) throws Exception {
        try (KafkaProducer<String, String> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", broker.bootstrapServers()),
                new StringSerializer(),
                new StringSerializer())) {
            // A producer's own time, long ago, must not count.
            producer.send(new ProducerRecord<>(SETTINGS.feedbackTopic(), 1, 1L, "support", value))
                    .get(30, TimeUnit.SECONDS);
        }
    }

    private static List<ConsumerRecord<String, String>> consume(EmbeddedBroker broker, int count) {
        List<ConsumerRecord<String, String>> records = new ArrayList<>();
        try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", broker.bootstrapServers(), "auto.offset.reset", "earliest"),
                new StringDeserializer(),
                new StringDeserializer())) {
            consumer.assign(List.of(new TopicPartition(SETTINGS.feedbackTopic(), 1)));
            consumer.seekToBeginning(consumer.assignment());
            for (int attempts = 0; records.size() < count && attempts < 60; attempts++) {
                consumer.poll(Duration.ofMillis(500)).forEach(records::add);
            }
        }
        return records;
    }
}
