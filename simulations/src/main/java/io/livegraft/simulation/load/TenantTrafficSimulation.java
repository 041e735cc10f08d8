package io.livegraft.simulation.load;

import static io.gatling.javaapi.core.CoreDsl.StringBody;
import static io.gatling.javaapi.core.CoreDsl.constantUsersPerSec;
import static io.gatling.javaapi.core.CoreDsl.global;
import static io.gatling.javaapi.core.CoreDsl.jsonPath;
import static io.gatling.javaapi.core.CoreDsl.listFeeder;
import static io.gatling.javaapi.core.CoreDsl.scenario;
import static io.gatling.javaapi.http.HttpDsl.header;
import static io.gatling.javaapi.http.HttpDsl.http;
import static io.gatling.javaapi.http.HttpDsl.status;

import io.gatling.javaapi.core.ScenarioBuilder;
import io.gatling.javaapi.core.Simulation;
import io.gatling.javaapi.http.HttpProtocolBuilder;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Customers of several tenants, arriving as a Poisson process, each asking one short question. An answer counts when it is 200
 * and says which version made it. Settings are system properties {@code livegraft.load.*}, as {@link LoadCommand} gives them.
 */
public final class TenantTrafficSimulation extends Simulation {
    static final String PREFIX = "livegraft.load.";

    private static final int MAX_TOKENS = 24;
    private static final List<String> QUESTIONS = List.of(
            "Where is my order 4182?",
            "I have lost my credit card. What should I do?",
            "I want to return the desk lamp.",
            "When are you open?",
            "Can I speak to a real person?");

    /** Gatling makes it by its class name. */
    public TenantTrafficSimulation() {
        HttpProtocolBuilder node =
                http.baseUrl(setting("url")).disableWarmUp().disableCaching().contentTypeHeader("application/json");
        setUp(customers()
                        .injectOpen(constantUsersPerSec(Double.parseDouble(setting("rate")))
                                .during(Duration.ofSeconds(Long.parseLong(setting("seconds"))))
                                .randomized()))
                .protocols(node)
                .assertions(global().failedRequests().count().is(0L));
    }

    private static ScenarioBuilder customers() {
        List<Map<String, Object>> visits = Arrays.stream(setting("tenants").split(","))
                .flatMap(tenant -> QUESTIONS.stream()
                        .map(question -> Map.<String, Object>of("tenant", tenant, "question", question)))
                .toList();
        return scenario("customers")
                .feed(listFeeder(visits).random())
                .exec(http("chat of #{tenant}")
                        .post("/v1/chat/completions")
                        .body(StringBody("""
                                        {"model":"#{tenant}","max_tokens":%d,"temperature":0,\
                                        "messages":[{"role":"user","content":"#{question}"}]}""".formatted(MAX_TOKENS)))
                        .check(
                                status().is(200),
                                header("x-livegraft-adapter").exists(),
                                jsonPath("$.choices[0].message.content").exists()));
    }

    private static String setting(String name) {
        String value = System.getProperty(PREFIX + name, "");
        if (value.isEmpty()) {
            throw new IllegalArgumentException(PREFIX + name + " is not set");
        }
        return value;
    }
}
