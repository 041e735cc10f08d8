package io.livegraft.actors.node;

import io.livegraft.actors.ingest.ControlEntries;
import io.livegraft.actors.ingest.FeedbackDecoder;
import io.livegraft.actors.ingest.LogWriter;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.proto.feedback.FeedbackRecord;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Appends to the feedback topic what ingest would take. */
final class KafkaFeedbackLog implements FeedbackLog {
    private final LogWriter writer;
    private final FeedbackDecoder decoder;
    private final String topic;

    KafkaFeedbackLog(LogWriter writer, FeedbackDecoder decoder, String topic) {
        this.writer = writer;
        this.decoder = decoder;
        this.topic = topic;
    }

    @Override
    public CompletionStage<Appended> append(String tenant, FeedbackRecord record) {
        Optional<String> reason = record.hasTick() || ControlEntries.contain(record)
                ? Optional.of("a tick or control entry is no feedback")
                : decoder.check(tenant, record);
        if (reason.isPresent()) {
            return CompletableFuture.failedFuture(new LivegraftException(ErrorCode.INVALID_REQUEST, reason.get()));
        }
        return writer.append(topic, tenant, record.toByteArray())
                .thenApply(metadata -> new Appended(metadata.partition(), metadata.offset()))
                .exceptionallyCompose(failure -> CompletableFuture.failedFuture(new LivegraftException(
                        ErrorCode.UNAVAILABLE, "the feedback log did not take the record: " + failure, failure)));
    }
}
