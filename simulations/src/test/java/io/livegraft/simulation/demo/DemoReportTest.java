package io.livegraft.simulation.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class DemoReportTest {
    private static final Freshness.Summary FRESH =
            new Freshness.Summary(OptionalDouble.of(1.5), OptionalDouble.of(4), OptionalDouble.of(5), 300, 0);

    @Test
    void theReportHasEverythingThatIsAskedOfIt() {
        JsonNode json = report(tenant(300, 260, 28, 12, "old"), List.of()).json();
        assertEquals(300, json.path("events").asInt());
        assertEquals(9, json.path("versions").asInt());
        assertEquals(1.5, json.path("freshnessSeconds").path("p50").asDouble());
        assertEquals(4, json.path("freshnessSeconds").path("p99").asDouble());
        assertEquals(5, json.path("freshnessSeconds").path("max").asDouble());
        assertTrue(json.path("failedRequests").isInt());
        assertEquals(150, json.path("requests").asInt());
        assertEquals(0, json.path("mixedVersionResponses").asInt());
        assertEquals("old", json.path("before").path("harbor").asText());
        assertEquals("new", json.path("after").path("harbor").asText());
        assertEquals("old", json.path("rolledBack").path("harbor").asText());
        assertEquals(61.3, json.path("seconds").asDouble());
        assertFalse(json.path("resumed").asBoolean(true));
        assertEquals(0, json.path("eventsLost").asInt(-1));
        assertEquals(0, json.path("eventsAppliedTwice").asInt(-1));
        JsonNode harbor = json.path("tenants").path("harbor");
        assertTrue(harbor.path("rolledBackMatches").asBoolean());
        assertEquals(2.5, harbor.path("heldOutNll").path("base").asDouble());
        assertEquals(1.0, harbor.path("heldOutNll").path("served").asDouble());
        assertEquals(260, harbor.path("trained").asInt());
        assertEquals(28, harbor.path("heldOut").asInt());
        assertEquals(12, harbor.path("skipped").asInt());
        assertEquals(0, harbor.path("duplicates").asInt(-1));
        assertEquals("Where?", harbor.path("probe").asText());
    }

    @Test
    void eventsThatWereNotUsedAreLost() {
        JsonNode json = report(tenant(300, 250, 28, 12, "old"), List.of()).json();
        assertEquals(10, json.path("eventsLost").asInt());
        assertEquals(0, json.path("eventsAppliedTwice").asInt());
    }

    @Test
    void eventsUsedTwiceAreNotHiddenByAnotherTenantsLoss() {
        JsonNode json = new DemoReport(
                        Map.of("harbor", tenant(300, 250, 28, 12, "old"), "ledger", tenant(300, 270, 28, 12, "old")),
                        FRESH,
                        new Tally.Count(150, 0, 0, 0, Optional.empty()),
                        61.3,
                        false,
                        List.of())
                .json();
        assertEquals(10, json.path("eventsLost").asInt());
        assertEquals(10, json.path("eventsAppliedTwice").asInt());
    }

    @Test
    void anAnswerThatDoesNotComeBackIsSaid() {
        JsonNode json = report(tenant(300, 260, 28, 12, "old "), List.of("no")).json();
        assertFalse(
                json.path("tenants").path("harbor").path("rolledBackMatches").asBoolean(true));
        assertFalse(json.path("passed").asBoolean(true));
    }

    private static DemoReport report(DemoReport.TenantReport tenant, List<String> problems) {
        return new DemoReport(
                Map.of("harbor", tenant),
                FRESH,
                new Tally.Count(150, 0, 0, 0, Optional.empty()),
                61.29,
                false,
                problems);
    }

    private static DemoReport.TenantReport tenant(int sent, long trained, long heldOut, long skipped, String back) {
        return new DemoReport.TenantReport(
                sent,
                0,
                9,
                "Where?",
                "old",
                "new",
                back,
                "new",
                FRESH,
                OptionalDouble.of(2.5),
                OptionalDouble.of(1.0),
                new TrainingState("harbor", 36, 299, trained, heldOut, 0, skipped));
    }
}
