package io.livegraft.actors.node;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.livegraft.actors.ingest.LogEntries;
import io.livegraft.actors.trainer.PlainTrainer;
import io.livegraft.actors.trainer.TrainingBasis;
import io.livegraft.gpu.engine.Engine;
import java.io.File;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * What must come of a log, said by one thread that reads it once from its beginning to its end: no consumer group, no actor,
 * no checkpoint. Law 1 says that a node comes to the same, however often it was killed meanwhile.
 *
 * <p>Prints {@code offer TENANT OFFSET ADAPTER-DIGEST} for each version, {@code line TENANT OFFSET ADAPTER-DIGEST} for each forget
 * (with the offset of the first event that it left out) and reset (−1), and {@code state TENANT OFFSET CHECKPOINT-DIGEST} for each
 * tenant.
 */
public final class OracleProcess {
    private static final Duration POLL = Duration.ofSeconds(1);

    private final NodeSettings settings;
    private final TrainingBasis basis;
    private final Engine engine;
    private final LogEntries entries;
    private final SortedMap<String, PlainTrainer> trainers = new TreeMap<>();

    private OracleProcess(NodeSettings settings, Engine engine) {
        this.settings = settings;
        this.engine = engine;
        NodeBasis node = NodeBasis.of(settings, engine);
        this.basis = node.training();
        this.entries = node.entries();
    }

    /** Argument: the node's configuration file. */
    public static void main(String[] arguments) {
        Config config = ConfigFactory.parseFile(new File(arguments[0])).withFallback(ConfigFactory.load());
        NodeSettings settings = NodeSettings.from(config.resolve());
        try (Engine engine = Engine.open(settings.engine())) {
            OracleProcess oracle = new OracleProcess(settings, engine);
            oracle.read();
            oracle.print();
        }
    }

    private void read() {
        try (var consumer = new KafkaConsumer<>(
                Map.of(
                        ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
                        settings.kafka().bootstrapServers(),
                        ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG,
                        false),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = consumer
                    .partitionsFor(settings.kafka().feedbackTopic())
                    .stream()
                    .map(info -> new TopicPartition(info.topic(), info.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
                consumer.poll(POLL).forEach(this::take);
            }
        }
    }

    private void take(ConsumerRecord<byte[], byte[]> record) {
        LogEntries.Read read = entries.read(
                Optional.ofNullable(record.key()),
                Optional.ofNullable(record.value()),
                record.offset(),
                record.timestamp());
        switch (read) {
            case LogEntries.Read.OfTenant of -> take(of, record.partition());
            case LogEntries.Read.OfAll all ->
                trainers.values().stream()
                        .filter(each -> each.partition() == record.partition())
                        .forEach(each -> each.take(all.tick()));
            case LogEntries.Read.Unusable unusable -> {
                // Part of no state.
            }
        }
    }

    /** A tenant's log is in the partition that it began in. */
    private void take(LogEntries.Read.OfTenant of, int partition) {
        if (of.entry().get() instanceof LogEntries.Read.Usable usable) {
            PlainTrainer tenant = trainers.computeIfAbsent(
                    of.tenant(),
                    name -> new PlainTrainer(basis, plan -> engine.train(plan).finish(), name, partition));
            if (tenant.partition() == partition) {
                tenant.take(usable.entry());
            }
        }
    }

    private void print() {
        for (PlainTrainer each : trainers.values()) {
            each.told().forEach(told -> System.out.println(line(each.tenant(), told)));
            System.out.printf("state %s %d %s%n", each.tenant(), each.savedThrough(), each.checkpointDigest());
        }
    }

    private static String line(String tenant, PlainTrainer.Told told) {
        return switch (told) {
            case PlainTrainer.Offered offer ->
                "offer %s %d %s".formatted(tenant, offer.offset(), offer.adapterDigest());
            case PlainTrainer.LineBegun line ->
                "line %s %d %s".formatted(tenant, line.firstForgotten().orElse(-1), line.adapterDigest());
        };
    }
}
