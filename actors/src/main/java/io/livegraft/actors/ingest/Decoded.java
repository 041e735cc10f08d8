package io.livegraft.actors.ingest;

import io.livegraft.proto.feedback.FeedbackRecord;

/** What a Kafka record turned out to be. */
public sealed interface Decoded {
    /** A feedback event that can be used. */
    record Valid(String tenant, FeedbackRecord record) implements Decoded {}

    /** A control entry of one tenant: forget, reset or configure. */
    record Control(String tenant, FeedbackRecord record) implements Decoded {}

    /** Time passed; for every tenant of the partition. */
    record Tick() implements Decoded {}

    /** Nothing that can be used; {@code reason} is one clear sentence. */
    record Invalid(String reason) implements Decoded {}
}
