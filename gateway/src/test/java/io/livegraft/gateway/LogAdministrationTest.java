package io.livegraft.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LogAdministrationTest {
    private static final String SUPPORT = "/admin/v1/adapters/support";

    private final TestingGateway gateway = new TestingGateway();

    @AfterEach
    void stop() {
        gateway.close();
    }

    @Test
    void controlEntriesAreAcceptedWithTheirPlaceInTheLog() {
        var response = gateway.post(SUPPORT + ":forget", "{\"subject\":\"u1\",\"reason\":\"asked to\"}");
        assertEquals(202, response.statusCode(), response.body());
        assertEquals(241, TestingGateway.json(response).path("offset").asInt());
        assertEquals(202, gateway.post(SUPPORT + ":reset", "{\"to\":3}").statusCode());
        assertEquals(
                202,
                gateway.post(SUPPORT + ":configure", "{\"values\":{\"learningRate\":0.001,\"stepExamples\":4}}")
                        .statusCode());
        assertEquals(
                List.of(
                        "forget u1 because asked to",
                        "reset to 3 because ",
                        "configure learning_rate: 0.001 step_examples: 4 because "),
                gateway.node.records);
    }

    @Test
    void aDryRunSaysSoAndHasNoOffset() {
        var response = gateway.post(SUPPORT + ":forget", "{\"subject\":\"u1\",\"dryRun\":true}");
        assertEquals(200, response.statusCode());
        assertTrue(TestingGateway.json(response).path("dryRun").asBoolean());
        assertFalse(TestingGateway.json(response).has("offset"));
    }

    @Test
    void aRebuildIsBegunAndAskedForByItsId() {
        var begun = gateway.post(SUPPORT + ":rebuild", "{\"version\":7,\"without\":[\"b\",\"a\"]}");
        assertEquals(202, begun.statusCode(), begun.body());
        assertEquals("running", TestingGateway.json(begun).path("state").asText());
        JsonNode done = TestingGateway.json(gateway.get("/admin/v1/rebuilds/1"));
        assertTrue(done.path("match").asBoolean());
        assertEquals(200, done.path("events").asInt());
        assertEquals("a", done.at("/without/0").asText());
        JsonNode failed = TestingGateway.json(gateway.get("/admin/v1/rebuilds/2"));
        assertEquals("unavailable", failed.at("/error/code").asText());
        assertFalse(failed.has("match"));
    }

    @Test
    void whatCantBeDoneIsRefused() {
        assertEquals(
                404,
                gateway.post("/admin/v1/adapters/nobody:forget", "{\"subject\":\"u\"}")
                        .statusCode());
        assertEquals(400, gateway.post(SUPPORT + ":forget", "{}").statusCode());
        assertEquals(400, gateway.post(SUPPORT + ":reset", "{}").statusCode());
        assertEquals(
                400,
                gateway.post(SUPPORT + ":configure", "{\"values\":{\"seed\":1}}")
                        .statusCode());
        assertEquals(404, gateway.post(SUPPORT + ":rebuild", "{\"version\":99}").statusCode());
        assertEquals(400, gateway.post(SUPPORT + ":rebuild", "{}").statusCode());
        assertEquals(
                400,
                gateway.post(SUPPORT + ":rebuild", "{\"version\":7,\"without\":\"u\"}")
                        .statusCode());
        assertEquals(404, gateway.get("/admin/v1/rebuilds/9").statusCode());
        assertEquals(405, gateway.get(SUPPORT + ":forget").statusCode());
    }
}
