package io.livegraft.simulation.crash;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** Reads a topic from its beginning to where it ends now, without any consumer group. */
final class CrashLog {
    static final String FEEDBACK_TOPIC = "livegraft.feedback";
    static final String DEAD_LETTER_TOPIC = "livegraft.feedback.dlq";

    private static final Duration POLL = Duration.ofSeconds(1);

    private CrashLog() {}

    /** A place in the feedback topic. */
    record Place(int partition, long offset) {}

    /**
     * One record.
     *
     * @param subject of a dead letter: the place of the record that could not be used
     */
    record Entry(Place place, Optional<String> key, Optional<byte[]> value, Optional<Place> subject) {}

    /** The records of each partition in their order. */
    static List<Entry> read(String bootstrapServers, String topic) {
        try (var consumer = new KafkaConsumer<>(
                Map.of(
                        ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
                        bootstrapServers,
                        ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG,
                        false),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = consumer.partitionsFor(topic).stream()
                    .map(info -> new TopicPartition(info.topic(), info.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            List<Entry> entries = new ArrayList<>();
            while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
                consumer.poll(POLL).forEach(record -> entries.add(entry(record)));
            }
            return entries;
        }
    }

    /** Places of the records that a node refused. */
    static Set<Place> deadLetters(String bootstrapServers) {
        return read(bootstrapServers, DEAD_LETTER_TOPIC).stream()
                .flatMap(entry -> entry.subject().stream())
                .collect(Collectors.toSet());
    }

    private static Entry entry(ConsumerRecord<byte[], byte[]> record) {
        OptionalInt partition = header(record, "partition")
                .map(text -> OptionalInt.of(Integer.parseInt(text)))
                .orElse(OptionalInt.empty());
        return new Entry(
                new Place(record.partition(), record.offset()),
                Optional.ofNullable(record.key()).map(CrashLog::text),
                Optional.ofNullable(record.value()),
                header(record, "offset")
                        .filter(text -> partition.isPresent())
                        .map(text -> new Place(partition.getAsInt(), Long.parseLong(text))));
    }

    private static Optional<String> header(ConsumerRecord<byte[], byte[]> record, String name) {
        return Optional.ofNullable(record.headers().lastHeader(name)).map(header -> text(header.value()));
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
