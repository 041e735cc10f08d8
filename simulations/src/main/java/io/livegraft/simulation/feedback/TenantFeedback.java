package io.livegraft.simulation.feedback;

import io.livegraft.proto.feedback.FeedbackRecord;
import java.util.List;

/**
 * A tenant and what it has to say.
 *
 * @param events in the order in which they happen; event times are set when they are sent
 */
public record TenantFeedback(String tenant, Probe probe, List<FeedbackRecord> events) {
    public TenantFeedback {
        events = List.copyOf(events);
    }

    static String eventId(String tenant, int number) {
        return "demo-" + tenant + "-" + number;
    }
}
