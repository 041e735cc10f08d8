package io.livegraft.actors.kafka;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.TopicExistsException;

/** The two topics of Livegraft. */
public final class Topics {
    private static final int TIMEOUT_SECONDS = 30;

    private Topics() {}

    /** Creates those that are missing and leaves existing ones as they are; UNAVAILABLE when the broker does not answer. */
    public static void create(String bootstrapServers, KafkaSettings settings) {
        // The log's own time decides when steps close, so producers must not set it; nothing may expire before it is
        // trained on, and rebuilding an adapter needs the log from its first entry.
        Map<String, String> feedback = Map.of(
                TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG, "LogAppendTime", TopicConfig.RETENTION_MS_CONFIG, "-1");
        create(
                bootstrapServers,
                new NewTopic(settings.feedbackTopic(), settings.partitions(), settings.replicationFactor())
                        .configs(feedback));
        create(bootstrapServers, new NewTopic(settings.deadLetterTopic(), 1, settings.replicationFactor()));
    }

    private static void create(String bootstrapServers, NewTopic topic) {
        try (Admin admin = Admin.create(Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers))) {
            admin.createTopics(List.of(topic)).all().get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            if (!(e.getCause() instanceof TopicExistsException)) {
                throw unavailable(bootstrapServers, topic, e);
            }
        } catch (TimeoutException | KafkaException e) {
            throw unavailable(bootstrapServers, topic, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw unavailable(bootstrapServers, topic, e);
        }
    }

    private static LivegraftException unavailable(String bootstrapServers, NewTopic topic, Exception cause) {
        return new LivegraftException(
                ErrorCode.UNAVAILABLE,
                "the Kafka broker at %s did not create topic %s: %s".formatted(bootstrapServers, topic.name(), cause),
                cause);
    }
}
