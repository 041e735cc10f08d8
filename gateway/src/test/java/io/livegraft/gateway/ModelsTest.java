package io.livegraft.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ModelsTest {
    @Test
    void theListHasTheBaseAndEveryTenantWithItsLineage() {
        try (var gateway = new TestingGateway()) {
            JsonNode list = TestingGateway.json(gateway.get("/v1/models"));
            assertEquals("list", list.path("object").asText());
            JsonNode base = list.path("data").path(0);
            assertEquals("tiny", base.path("id").asText());
            assertEquals("model", base.path("object").asText());
            assertTrue(base.path("created").isIntegralNumber());
            assertTrue(base.path("parent").isNull());
            JsonNode tenant = list.path("data").path(1);
            assertEquals("support", tenant.path("id").asText());
            assertEquals("tiny", tenant.path("root").asText());
            assertEquals("tiny", tenant.path("parent").asText());
            assertEquals("support:7", tenant.path("serving").asText());
            assertFalse(list.path("has_more").asBoolean());
            assertEquals(
                    TestingGateway.json("[\"support:6\",\"support:7\"]"),
                    TestingGateway.json(gateway.get("/v1/models/support")).path("versions"));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "tiny, tiny, null",
        "support, support, tiny",
        "support:7, support:7, support:6",
        "support:6, support:6, tiny",
        "support@serving, support:7, support:6",
        "support@previous, support:6, tiny"
    })
    void aModelIsFoundByNameVersionOrAlias(String asked, String id, String parent) {
        try (var gateway = new TestingGateway()) {
            JsonNode model = TestingGateway.json(gateway.get("/v1/models/" + asked));
            assertEquals(id, model.path("id").asText(), model.toString());
            assertEquals(parent, model.path("parent").asText());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"nobody", "support:9", "support@candidate", "support@", "support:"})
    void aModelThatIsNotThereIs404(String asked) {
        try (var gateway = new TestingGateway()) {
            var response = gateway.get("/v1/models/" + asked);
            assertEquals(404, response.statusCode());
            assertEquals(
                    "model_not_found",
                    TestingGateway.json(response).at("/error/code").asText());
        }
    }
}
