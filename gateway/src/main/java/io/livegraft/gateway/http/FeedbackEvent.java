package io.livegraft.gateway.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import io.livegraft.actors.ingest.ControlEntries;
import io.livegraft.actors.ingest.FeedbackDecoder;
import io.livegraft.gateway.error.ErrorReply;
import io.livegraft.gateway.wire.Fields;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.proto.feedback.FeedbackRecord;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * One posted event: a FeedbackRecord in proto3 JSON with {@code tenant} (or {@code model}, as copied from an answer) beside
 * its fields. An absent event id is drawn and an absent event time is now: both before the log, which then holds them.
 */
record FeedbackEvent(String tenant, FeedbackRecord record) {
    /** Ingest's own rules, so that a list is refused before any of it is written; the log's bounds still apply. */
    private static final FeedbackDecoder RULES = new FeedbackDecoder(Integer.MAX_VALUE, Integer.MAX_VALUE);

    /** Reads one object or a list of them; one bad event refuses all, by its place in the list. */
    static List<FeedbackEvent> read(JsonNode body, int maxEvents) {
        if (!body.isArray()) {
            return List.of(one(body, ""));
        }
        if (body.isEmpty() || body.size() > maxEvents) {
            throw ErrorReply.of(
                            ErrorCode.INVALID_REQUEST,
                            "the list holds %d events, expected 1 to %d".formatted(body.size(), maxEvents))
                    .asException();
        }
        var events = new ArrayList<FeedbackEvent>();
        for (int index = 0; index < body.size(); index++) {
            events.add(one(body.get(index), "event %d: ".formatted(index)));
        }
        return events;
    }

    private static FeedbackEvent one(JsonNode body, String place) {
        String tenant = tenant(Fields.of(body), place);
        ObjectNode json = body.deepCopy();
        json.remove(List.of("tenant", "model"));
        if (!json.hasNonNull("eventId") && !json.hasNonNull("event_id")) {
            json.put("eventId", UUID.randomUUID().toString());
        }
        if (!json.hasNonNull("eventTimeMillis") && !json.hasNonNull("event_time_millis")) {
            json.put("eventTimeMillis", Instant.now().toEpochMilli());
        }
        var record = FeedbackRecord.newBuilder();
        try {
            JsonFormat.parser().merge(json.toString(), record);
        } catch (InvalidProtocolBufferException broken) {
            throw ErrorReply.of(ErrorCode.INVALID_REQUEST, place + broken.getMessage())
                    .asException();
        }
        if (record.hasTick()) {
            throw Fields.refuse("tick", place + "tick is Livegraft's own entry, expected feedback");
        }
        if (ControlEntries.contain(record.build())) {
            throw ErrorReply.of(
                            ErrorCode.INVALID_REQUEST,
                            place + "forget, reset and configure go through /admin/v1, expected feedback")
                    .asException();
        }
        FeedbackRecord event = record.build();
        RULES.check(tenant, event).ifPresent(reason -> {
            throw ErrorReply.of(ErrorCode.INVALID_REQUEST, place + reason).asException();
        });
        return new FeedbackEvent(tenant, event);
    }

    /** {@code model} may be an answer's own: {@code support:7} is feedback for {@code support}. */
    private static String tenant(Fields fields, String place) {
        return fields.text("tenant")
                .or(() -> fields.text("model").map(model -> model.split("[:@]", 2)[0]))
                .orElseThrow(() -> Fields.refuse("tenant", place + "tenant is missing"));
    }
}
