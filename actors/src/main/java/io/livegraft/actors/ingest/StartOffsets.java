package io.livegraft.actors.ingest;

import io.livegraft.actors.checkpoint.CheckpointStore;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/**
 * Where to read a partition from: its committed low-water mark, or further back where a tenant's newest checkpoint could not
 * be used. Named to the consumer explicitly, because whoever had the partition before may still commit: the mark must be read
 * before the checkpoints are.
 */
final class StartOffsets {
    private static final int TIMEOUT_SECONDS = 10;

    private final String bootstrapServers;
    private final String consumerGroup;
    private final CheckpointStore checkpoints;

    StartOffsets(String bootstrapServers, String consumerGroup, CheckpointStore checkpoints) {
        this.bootstrapServers = bootstrapServers;
        this.consumerGroup = consumerGroup;
        this.checkpoints = checkpoints;
    }

    /** Blocks. */
    Map<TopicPartition, Object> of(Set<TopicPartition> assigned) {
        Map<TopicPartition, Long> committed = committed();
        Map<Integer, Long> fallenBack = new HashMap<>();
        for (CheckpointStore.Loaded loaded : checkpoints.latest().values()) {
            if (!loaded.newest()) {
                fallenBack.merge(
                        loaded.checkpoint().getPartition(), loaded.checkpoint().getOffset() + 1, Math::min);
            }
        }
        Map<TopicPartition, Object> start = new HashMap<>();
        for (TopicPartition partition : assigned) {
            long mark = committed.getOrDefault(partition, 0L);
            start.put(partition, Math.min(mark, fallenBack.getOrDefault(partition.partition(), mark)));
        }
        return start;
    }

    private Map<TopicPartition, Long> committed() {
        try (Admin admin = Admin.create(Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers))) {
            Map<TopicPartition, OffsetAndMetadata> found = admin.listConsumerGroupOffsets(consumerGroup)
                    .partitionsToOffsetAndMetadata()
                    .get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
            Map<TopicPartition, Long> committed = new HashMap<>();
            found.forEach((partition, mark) ->
                    Optional.ofNullable(mark).ifPresent(known -> committed.put(partition, known.offset())));
            return committed;
        } catch (ExecutionException | TimeoutException e) {
            throw new IllegalStateException("the committed offsets of %s can't be read".formatted(consumerGroup), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("reading the committed offsets was interrupted", e);
        }
    }
}
