package io.livegraft.actors.node;

import io.livegraft.proto.feedback.FeedbackRecord;
import java.util.concurrent.CompletionStage;

/** Appends feedback to the Kafka topic that trainers read. */
public interface FeedbackLog {
    /**
     * Checks the record as ingest will, then writes it.
     *
     * @return done when the broker has it; fails with {@link io.livegraft.gpu.error.LivegraftException}:
     *     INVALID_REQUEST for a record that ingest would reject, UNAVAILABLE when the broker does not take it
     */
    CompletionStage<Appended> append(String tenant, FeedbackRecord record);

    record Appended(int partition, long offset) {}
}
