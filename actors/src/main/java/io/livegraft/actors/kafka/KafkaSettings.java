package io.livegraft.actors.kafka;

import com.typesafe.config.Config;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;

/**
 * Section {@code livegraft.kafka} of the configuration.
 *
 * @param embedded whether this process runs the broker itself
 * @param bootstrapServers of an external broker
 * @param embeddedPort of the embedded broker on the loopback interface; 0 takes a free one
 * @param partitions of the feedback topic when it is created
 */
public record KafkaSettings(
        boolean embedded,
        String bootstrapServers,
        int embeddedPort,
        String feedbackTopic,
        String deadLetterTopic,
        int partitions,
        short replicationFactor) {
    public KafkaSettings {
        if (embeddedPort < 0 || embeddedPort > 65535) {
            throw invalid("embedded.port is %d, expected 0 to 65535".formatted(embeddedPort));
        }
        if (partitions < 1) {
            throw invalid("partitions is %d, expected at least 1".formatted(partitions));
        }
        if (!embedded && bootstrapServers.isBlank()) {
            throw invalid("bootstrap-servers is empty, expected host:port of a broker because embedded.enabled is off");
        }
    }

    public static KafkaSettings from(Config kafka) {
        return new KafkaSettings(
                kafka.getBoolean("embedded.enabled"),
                kafka.getString("bootstrap-servers"),
                kafka.getInt("embedded.port"),
                kafka.getString("feedback-topic"),
                kafka.getString("dead-letter-topic"),
                kafka.getInt("partitions"),
                (short) kafka.getInt("replication-factor"));
    }

    private static LivegraftException invalid(String message) {
        return new LivegraftException(ErrorCode.INVALID_CONFIGURATION, "livegraft.kafka." + message);
    }
}
