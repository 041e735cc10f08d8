package io.livegraft.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.livegraft.proto.feedback.Rating;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FeedbackTest {
    private final TestingGateway gateway = new TestingGateway();

    @AfterEach
    void stop() {
        gateway.close();
    }

    @Test
    void anEventIsAcceptedWithItsPlaceInTheLog() {
        var response = gateway.post("/v1/feedback", """
                {"tenant":"support","eventId":"e1","prompt":"Hi","completion":" Hello","rating":"ACCEPTED",
                 "eventTimeMillis":1700000000000}""");
        assertEquals(202, response.statusCode(), response.body());
        assertEquals(
                TestingGateway.json("{\"tenant\":\"support\",\"eventId\":\"e1\",\"partition\":3,\"offset\":101}"),
                TestingGateway.json(response));
        var record = gateway.node.appended.getFirst();
        assertEquals("Hi", record.getPrompt());
        assertEquals(Rating.ACCEPTED, record.getRating());
        assertEquals(1_700_000_000_000L, record.getEventTimeMillis());
    }

    @Test
    void idAndTimeAreGivenWhereTheyAreAbsent() {
        long before = System.currentTimeMillis();
        gateway.post("/v1/feedback", "{\"model\":\"support:7\",\"prompt\":\"Hi\",\"completion\":\" Hello\"}");
        gateway.post("/v1/feedback", "{\"model\":\"support@serving\",\"prompt\":\"Hi\",\"completion\":\" Hello\"}");
        var first = gateway.node.appended.get(0);
        assertFalse(first.getEventId().isEmpty());
        assertFalse(first.getEventId().equals(gateway.node.appended.get(1).getEventId()));
        assertTrue(first.getEventTimeMillis() >= before);
    }

    @Test
    void aListIsAcceptedInItsOrder() {
        JsonNode answer = TestingGateway.json(gateway.post("/v1/feedback", """
                [{"tenant":"support","event_id":"a","prompt":"1","completion":"x"},
                 {"tenant":"support","eventId":"b","prompt":"2","completion":"y"}]"""));
        assertEquals(2, answer.path("accepted").asInt());
        assertEquals("a", answer.at("/events/0/eventId").asText());
        assertEquals(102, answer.at("/events/1/offset").asInt());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"prompt\":\"Hi\",\"completion\":\"x\"}",
                "{\"tenant\":\"Support Desk\",\"prompt\":\"Hi\",\"completion\":\"x\"}",
                "{\"tenant\":\"support\",\"prompt\":\"Hi\",\"completion\":\"\"}",
                "{\"tenant\":\"support\",\"prompt\":\"Hi\",\"completion\":\"x\",\"colour\":1}",
                "{\"tenant\":\"support\",\"prompt\":7,\"completion\":{}}",
                "{\"tenant\":\"support\",\"tick\":{}}",
                "[]",
                "[{},{},{},{}]",
                "\"text\""
            })
    void aBrokenEventIsRefusedAndNotWritten(String body) {
        var response = gateway.post("/v1/feedback", body);
        assertEquals(400, response.statusCode(), response.body());
        assertTrue(gateway.node.appended.isEmpty());
    }

    @Test
    void oneBrokenEventOfAListIsNamedAndNoneIsWritten() {
        var response = gateway.post(
                "/v1/feedback",
                "[{\"tenant\":\"support\",\"prompt\":\"1\",\"completion\":\"x\"},{\"tenant\":\"support\",\"rating\":\"SO-SO\"}]");
        assertEquals(400, response.statusCode());
        assertTrue(
                TestingGateway.json(response).at("/error/message").asText().startsWith("event 1: "), response.body());
        assertTrue(gateway.node.appended.isEmpty());
    }
}
