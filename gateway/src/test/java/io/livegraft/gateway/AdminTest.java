package io.livegraft.gateway;

import static java.util.stream.Collectors.toSet;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.livegraft.actors.registry.IdempotencyKey;
import io.livegraft.actors.registry.TenantQuery;
import io.livegraft.actors.signing.VerifyingKey;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class AdminTest {
    private static final String SUPPORT = "/admin/v1/adapters/support";

    private final TestingGateway gateway = new TestingGateway();

    @AfterEach
    void stop() {
        gateway.close();
    }

    @Test
    void anAdapterIsShownWithItsServingVersionAsTag() {
        var response = gateway.get(SUPPORT);
        assertEquals("\"7\"", response.headers().firstValue("etag").orElse("none"));
        JsonNode adapter = TestingGateway.json(response);
        assertEquals("support:7", adapter.path("servingLabel").asText());
        assertEquals(6, adapter.path("previous").asInt());
        assertTrue(adapter.path("candidate").isNull());
        assertEquals(
                "2026-05-01T12:00:00Z", adapter.at("/versions/1/publishedAt").asText());
        assertEquals(1.25, adapter.at("/versions/1/evaluation/candidateNll").asDouble());
        assertEquals(
                2.25, adapter.at("/versions/1/evaluation/general/candidateNll").asDouble());
    }

    @Test
    void listsAreThere() {
        assertEquals(
                "support",
                TestingGateway.json(gateway.get("/admin/v1/adapters"))
                        .at("/adapters/0/tenant")
                        .asText());
        assertEquals(
                6,
                TestingGateway.json(gateway.get(SUPPORT + "/versions"))
                        .at("/versions/0/number")
                        .asInt());
        assertEquals(
                "publish",
                TestingGateway.json(gateway.get(SUPPORT + "/history"))
                        .at("/history/0/action")
                        .asText());
        JsonNode trainer =
                TestingGateway.json(gateway.get("/admin/v1/training")).at("/trainers/0");
        assertEquals(240, trainer.path("offset").asInt());
        assertTrue(trainer.path("lastLoss").isNull(), "no step, no loss");
    }

    @Test
    void aRollbackHoldsPublishingAndSaysHowToResume() {
        var response = gateway.post(SUPPORT + ":rollback", "{\"reason\":\"worse\"}", "If-Match", "\"7\"");
        assertEquals(200, response.statusCode(), response.body());
        JsonNode adapter = TestingGateway.json(response);
        assertEquals(6, adapter.path("serving").asInt());
        assertTrue(adapter.path("held").asBoolean());
        assertTrue(adapter.path("hint").asText().contains("/admin/v1/adapters/support:resume"));
        assertEquals("\"6\"", response.headers().firstValue("etag").orElse("none"));
        assertEquals("worse", gateway.node.actions.getFirst().reason());
        JsonNode resumed = TestingGateway.json(gateway.post(SUPPORT + ":resume", "{}"));
        assertFalse(resumed.path("held").asBoolean());
        assertFalse(resumed.has("hint"));
    }

    @Test
    void anotherServingVersionThanExpectedIsAConflictThatNamesBoth() {
        var response = gateway.post(SUPPORT + ":rollback", "{\"to\":0}", "If-Match", "\"5\"");
        assertEquals(409, response.statusCode());
        JsonNode error = TestingGateway.json(response).path("error");
        assertEquals("conflict", error.path("code").asText());
        assertTrue(error.path("message").asText().contains("support:7"));
        assertTrue(error.path("message").asText().contains("support:5"));
        assertEquals("\"7\"", gateway.get(SUPPORT).headers().firstValue("etag").orElse("none"));
    }

    @Test
    void aDryRunChangesNothing() {
        JsonNode adapter =
                TestingGateway.json(gateway.post(SUPPORT + ":promote", "{\"to\":6,\"dryRun\":true}", "If-Match", "*"));
        assertEquals(6, adapter.path("serving").asInt());
        assertTrue(adapter.path("dryRun").asBoolean());
        assertEquals("\"7\"", gateway.get(SUPPORT).headers().firstValue("etag").orElse("none"));
    }

    @Test
    void whatCantBeDoneIsRefused() {
        assertEquals(404, gateway.get("/admin/v1/adapters/nobody").statusCode());
        assertEquals(404, gateway.post("/admin/v1/adapters/nobody:hold", "{}").statusCode());
        assertEquals(404, gateway.post(SUPPORT + ":explode", "{}").statusCode());
        assertEquals(400, gateway.post(SUPPORT + ":promote", "{}").statusCode());
        assertEquals(
                400, gateway.post(SUPPORT + ":hold", "{}", "If-Match", "seven").statusCode());
        assertEquals(400, gateway.post(SUPPORT + ":rollback", "{\"to\":\"x\"}").statusCode());
        assertEquals(405, gateway.get(SUPPORT + ":hold").statusCode());
    }

    @Test
    void anIdempotencyKeyStandsForTheWholeRequest() {
        String[] keyed = {"Idempotency-Key", "\"key-1\"", "If-Match", "\"7\""};
        var first = gateway.post(SUPPORT + ":hold", "{\"reason\":\"look\"}", keyed);
        assertTrue(first.headers().firstValue("idempotency-replayed").isEmpty());
        var again = gateway.post(SUPPORT + ":hold", "{ \"reason\": \"look\" }", keyed);
        assertEquals("true", again.headers().firstValue("idempotency-replayed").orElse("none"));
        gateway.post(SUPPORT + ":hold", "{\"reason\":\"other\"}", keyed);
        gateway.post(SUPPORT + ":resume", "{\"reason\":\"look\"}", keyed);
        var keys = gateway.node.actions.stream()
                .map(action -> action.key().orElseThrow())
                .toList();
        assertEquals(Set.of("key-1"), keys.stream().map(IdempotencyKey::key).collect(toSet()));
        assertEquals(
                3, keys.stream().map(IdempotencyKey::fingerprint).distinct().count());
    }

    @Test
    void anIdempotencyKeyThatIsNoneIsRefused() {
        var refused = gateway.post(SUPPORT + ":hold", "{}", "Idempotency-Key", "two words");
        assertEquals(400, refused.statusCode());
        assertTrue(refused.body().contains("Idempotency-Key"), refused.body());
    }

    @Test
    void theKeysThatVersionsAreSignedWithAreShown() {
        JsonNode key =
                TestingGateway.json(gateway.get("/admin/v1/signing-keys")).at("/keys/0");
        assertEquals("EdDSA", key.path("algorithm").asText());
        assertEquals(
                gateway.node.signingKeys().getFirst(),
                VerifyingKey.parse(key.path("publicKey").asText()));
    }

    @Test
    void aVersionShowsWhereItComesFrom() {
        JsonNode lineage =
                TestingGateway.json(gateway.get(SUPPORT + "/versions")).at("/versions/0/lineage");
        assertEquals("cpu/fp32", lineage.path("profile").asText());
        assertEquals(200, lineage.at("/records/trained").asInt());
        assertEquals(50, lineage.at("/labels/corrections").asInt());
    }

    @Test
    void theListComesInBoundedPages() {
        JsonNode page = TestingGateway.json(gateway.get("/admin/v1/adapters?prefix=su&after=suppers&limit=1"));
        assertEquals(new TenantQuery("su", Optional.of("suppers"), 1), gateway.node.queries.getLast());
        assertEquals("support", page.path("next").asText());
        assertEquals(2, page.at("/adapters/0/versionCount").asInt());
        gateway.get("/admin/v1/adapters");
        assertEquals(new TenantQuery("", Optional.empty(), 100), gateway.node.queries.getLast());
        assertEquals(400, gateway.get("/admin/v1/adapters?limit=1001").statusCode());
        assertEquals(400, gateway.get("/admin/v1/adapters?limit=0").statusCode());
        assertEquals(400, gateway.get("/admin/v1/adapters?prefix=%27").statusCode());
    }
}
