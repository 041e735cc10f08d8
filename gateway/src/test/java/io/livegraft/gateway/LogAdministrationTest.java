package io.livegraft.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.livegraft.actors.scrub.ScrubReport;
import io.livegraft.actors.scrub.Scrubbing;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import java.util.List;
import java.util.Optional;
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
    void aScrubIsBegunAndTellsWhatItFound() {
        assertEquals(404, gateway.get("/admin/v1/scrub").statusCode());
        var begun = gateway.post("/admin/v1/scrub", "{}");
        assertEquals(202, begun.statusCode());
        assertEquals("running", TestingGateway.json(begun).path("state").asText());
        var whole = new ScrubReport.Tally(3, 1, 0);
        var damaged = new ScrubReport.Tally(0, 0, 1);
        var report = new ScrubReport(whole, whole, damaged, 2, List.of("feedback/1: torn"), 0.5);
        gateway.node.scrub = Optional.of(new Scrubbing.Scrub.Done(1, report));
        JsonNode done = TestingGateway.json(gateway.get("/admin/v1/scrub"));
        assertEquals("done", done.path("state").asText());
        assertFalse(done.path("sound").asBoolean(true));
        assertEquals(3, done.path("report").path("checkpoints").path("whole").asInt());
        assertEquals(
                "feedback/1: torn", done.path("report").path("damaged").path(0).asText());
        gateway.node.scrub = Optional.of(
                new Scrubbing.Scrub.Failed(2, new LivegraftException(ErrorCode.UNAVAILABLE, "no registry")));
        JsonNode failed = TestingGateway.json(gateway.get("/admin/v1/scrub"));
        assertEquals("no registry", failed.path("error").path("message").asText());
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
