package io.livegraft.actors.ingest;

import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the feedback topic as a member of the consumer group, on a thread of its own. Partitions move between members one by
 * one (cooperative rebalancing), and one that moves is handed over: its mark is committed and its actors have stopped before
 * the next member gets it.
 *
 * <p>Records come in batches, as they were fetched. A few batches of a partition may be out at once; reading it pauses until
 * one of them is {@link #taken}.
 */
final class LogReader {
    private static final Logger LOG = LoggerFactory.getLogger(LogReader.class);
    private static final int BATCHES_OUT = 2;
    private static final Duration POLL = Duration.ofMillis(50);
    /** While a partition is paused: how late it may be noticed that it no longer needs to be. */
    private static final Duration POLL_PAUSED = Duration.ofMillis(1);

    private static final long LAG_NANOS = TimeUnit.SECONDS.toNanos(2);

    /**
     * Records of one partition in order.
     *
     * @param epoch grows whenever reading starts at another place
     */
    record Batch(int partition, long epoch, List<ConsumerRecord<byte[], byte[]>> records) {}

    /** Told on the reader's thread, in this order for each partition. */
    interface Listener {
        /** Further partitions, or none: this is a member of the group. */
        void assigned(Set<Integer> partitions);

        void read(Batch batch);

        /** Done when nothing works on these partitions any more. */
        Future<?> revoked(Set<Integer> partitions);

        /** The last thing that is told. */
        void ended(Optional<Throwable> failure);

        void lag(int partition, long records);
    }

    private static final class Position {
        private long epoch;
        private int out;
        private boolean paused;
        private Optional<Long> mark = Optional.empty();
        private Optional<Long> committed = Optional.empty();
    }

    private final IngestSettings settings;
    private final String topic;
    private final Listener listener;
    private final KafkaConsumer<byte[], byte[]> consumer;
    private final Map<Integer, Position> positions = new HashMap<>();
    private final Queue<Runnable> requests = new ConcurrentLinkedQueue<>();
    private long epochs;
    private long lagAtNanos = System.nanoTime();
    private long commitAtNanos = System.nanoTime();
    private volatile boolean stopping;

    private LogReader(
            IngestSettings settings, String topic, KafkaConsumer<byte[], byte[]> consumer, Listener listener) {
        this.settings = settings;
        this.topic = topic;
        this.consumer = consumer;
        this.listener = listener;
    }

    /**
     * Starts reading.
     *
     * @param nodeId stays the same over restarts: after kill -9 the next process takes the dead one's place at once
     */
    static LogReader start(
            IngestSettings settings, String bootstrapServers, String nodeId, String topic, Listener listener) {
        Map<String, Object> properties = Map.of(
                ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
                bootstrapServers,
                ConsumerConfig.GROUP_ID_CONFIG,
                settings.consumerGroup(),
                ConsumerConfig.GROUP_INSTANCE_ID_CONFIG,
                "livegraft-" + nodeId,
                ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG,
                CooperativeStickyAssignor.class.getName(),
                ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG,
                Math.toIntExact(settings.sessionTimeout().toMillis()),
                ConsumerConfig.AUTO_OFFSET_RESET_CONFIG,
                "earliest",
                ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG,
                false,
                ConsumerConfig.MAX_POLL_RECORDS_CONFIG,
                settings.pollRecords());
        LogReader reader = new LogReader(
                settings,
                topic,
                new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer()),
                listener);
        Thread.ofPlatform().name("livegraft-log-reader").daemon().start(reader::run);
        return reader;
    }

    /** One batch more may come. */
    void taken(int partition, long epoch) {
        requests.add(() -> at(partition, epoch, position -> position.out--));
    }

    /** Reads again from an offset on, with a new epoch. */
    void rewind(int partition, long epoch, long offset) {
        requests.add(() -> at(partition, epoch, position -> {
            position.epoch = ++epochs;
            position.out = 0;
            consumer.seek(new TopicPartition(topic, partition), offset);
        }));
    }

    /** To be committed with the next ones: the offset to restart from. */
    void mark(int partition, long epoch, long offset) {
        requests.add(() -> at(partition, epoch, position -> position.mark = Optional.of(offset)));
    }

    /** Leaves the group; the listener is told when that is done. */
    void stop() {
        stopping = true;
        consumer.wakeup();
    }

    private void at(int partition, long epoch, Consumer<Position> change) {
        Optional.ofNullable(positions.get(partition))
                .filter(position -> position.epoch == epoch)
                .ifPresent(change);
    }

    private void run() {
        Optional<Throwable> failure = Optional.empty();
        try {
            consumer.subscribe(List.of(topic), new Handover());
            while (!stopping) {
                turn();
            }
        } catch (WakeupException woken) {
            LOG.debug("reading was woken to stop");
        } catch (RuntimeException e) {
            failure = Optional.of(e);
        }
        try {
            consumer.close(CloseOptions.groupMembershipOperation(CloseOptions.GroupMembershipOperation.LEAVE_GROUP)
                    .withTimeout(settings.handover()));
        } catch (RuntimeException e) {
            failure = failure.or(() -> Optional.of(e));
        }
        listener.ended(failure);
    }

    private void serve() {
        for (Runnable request = requests.poll(); request != null; request = requests.poll()) {
            request.run();
        }
    }

    private void turn() {
        serve();
        boolean paused = pause();
        ConsumerRecords<byte[], byte[]> records = consumer.poll(paused ? POLL_PAUSED : POLL);
        for (TopicPartition partition : records.partitions()) {
            Optional.ofNullable(positions.get(partition.partition())).ifPresent(position -> {
                position.out++;
                listener.read(new Batch(partition.partition(), position.epoch, records.records(partition)));
            });
        }
        long now = System.nanoTime();
        if (now - commitAtNanos > settings.commitInterval().toNanos()) {
            commitAtNanos = now;
            commit();
        }
        if (now - lagAtNanos > LAG_NANOS) {
            lagAtNanos = now;
            positions.keySet().forEach(partition -> consumer.currentLag(new TopicPartition(topic, partition))
                    .ifPresent(lag -> listener.lag(partition, lag)));
        }
    }

    /** Returns whether a partition is paused. */
    private boolean pause() {
        boolean any = false;
        for (Map.Entry<Integer, Position> each : positions.entrySet()) {
            Position position = each.getValue();
            boolean pause = position.out >= BATCHES_OUT;
            if (pause != position.paused) {
                position.paused = pause;
                Set<TopicPartition> partition = Set.of(new TopicPartition(topic, each.getKey()));
                if (pause) {
                    consumer.pause(partition);
                } else {
                    consumer.resume(partition);
                }
            }
            any |= pause;
        }
        return any;
    }

    private void commit() {
        Map<TopicPartition, OffsetAndMetadata> marks = uncommitted(positions.keySet());
        if (!marks.isEmpty()) {
            consumer.commitAsync(marks, (committed, failure) -> {
                if (failure == null) {
                    committed(committed);
                } else {
                    LOG.warn("the low-water marks {} are committed later: {}", marks, failure.getMessage());
                }
            });
        }
    }

    private void committed(Map<TopicPartition, OffsetAndMetadata> marks) {
        marks.forEach((partition, mark) -> Optional.ofNullable(positions.get(partition.partition()))
                .ifPresent(position -> position.committed = Optional.of(mark.offset())));
    }

    private Map<TopicPartition, OffsetAndMetadata> uncommitted(Set<Integer> partitions) {
        Map<TopicPartition, OffsetAndMetadata> marks = new HashMap<>();
        for (int partition : partitions) {
            Position position = positions.get(partition);
            if (position != null && !position.mark.equals(position.committed)) {
                position.mark.ifPresent(
                        mark -> marks.put(new TopicPartition(topic, partition), new OffsetAndMetadata(mark)));
            }
        }
        return marks;
    }

    /** What happens, within a poll, when partitions come and go. */
    private final class Handover implements ConsumerRebalanceListener {
        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> assigned) {
            for (TopicPartition partition : assigned) {
                Position position = new Position();
                position.epoch = ++epochs;
                positions.put(partition.partition(), position);
            }
            listener.assigned(numbers(assigned));
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> revoked) {
            Set<Integer> partitions = numbers(revoked);
            if (partitions.isEmpty()) {
                return;
            }
            stopped(partitions);
            serve(); // their last marks
            try {
                consumer.commitSync(uncommitted(partitions), settings.handover());
            } catch (KafkaException e) {
                LOG.warn("the low-water marks of {} are not committed: they are read from earlier ones", partitions, e);
            }
            positions.keySet().removeAll(partitions);
        }

        @Override
        public void onPartitionsLost(Collection<TopicPartition> lost) {
            stopped(numbers(lost));
            positions.keySet().removeAll(numbers(lost));
        }

        private void stopped(Set<Integer> partitions) {
            try {
                listener.revoked(partitions).get(settings.handover().toMillis(), TimeUnit.MILLISECONDS);
            } catch (TimeoutException e) {
                LOG.warn("the trainers of partitions {} take longer than {} to stop", partitions, settings.handover());
            } catch (ExecutionException e) {
                throw new IllegalStateException("partitions %s could not be stopped".formatted(partitions), e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        private static Set<Integer> numbers(Collection<TopicPartition> partitions) {
            return partitions.stream().map(TopicPartition::partition).collect(Collectors.toSet());
        }
    }
}
