package io.livegraft.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.livegraft.actors.node.Prompt;
import io.livegraft.gpu.generation.LogitAdjustment;
import io.livegraft.gpu.generation.TokenLogprob;
import io.livegraft.gpu.tokenizer.ChatMessage;
import io.livegraft.gpu.tokenizer.Conversation;
import io.livegraft.gpu.tokenizer.ToolCall;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The wire format of /v1/completions and /v1/chat/completions, whole and streamed. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CompletionsTest {
    private TestingGateway gateway = new TestingGateway();

    @BeforeAll
    void start() {
        gateway.close();
        gateway = new TestingGateway();
    }

    @AfterAll
    void stop() {
        gateway.close();
    }

    @BeforeEach
    void forget() {
        gateway.node.requests.clear();
        gateway.node.likeliest = List.of();
    }

    @Test
    void aCompletionIsOpenAisAndNamesTheVersionThatMadeIt() {
        HttpResponse<String> response =
                gateway.post("/v1/completions", "{\"model\":\"support\",\"prompt\":\"Hi\",\"max_tokens\":9}");
        assertEquals(200, response.statusCode(), response.body());
        JsonNode body = TestingGateway.json(response);
        assertTrue(body.path("id").asText().startsWith("cmpl-"), response.body());
        assertEquals("text_completion", body.path("object").asText());
        assertEquals("support:7", body.path("model").asText());
        assertEquals("fp_basedigest_adapterdig", body.path("system_fingerprint").asText());
        assertEquals(
                "support:7",
                response.headers().firstValue("x-livegraft-adapter").orElse("none"));
        assertEquals(
                "adapterdigest0123456789",
                response.headers().firstValue("x-livegraft-digest").orElse("none"));
        assertEquals(
                "fast", response.headers().firstValue("x-livegraft-profile").orElse("none"));
        assertTrue(body.path("created").asLong() > 1_700_000_000L);
        JsonNode choice = body.path("choices").path(0);
        assertEquals(" Hello, wörld", choice.path("text").asText());
        assertEquals("stop", choice.path("finish_reason").asText());
        assertEquals(0, choice.path("index").asInt(-1));
        assertTrue(choice.path("logprobs").isNull());
        assertEquals(
                TestingGateway.json("{\"prompt_tokens\":5,\"completion_tokens\":4,\"total_tokens\":9}"),
                body.path("usage"));
    }

    @Test
    void whatIsAskedForReachesTheNode() {
        gateway.post("/v1/completions", """
            {"model":"support:7","prompt":["Hi"],"max_tokens":9,"temperature":0.5,"top_p":0.9,"top_k":40,"seed":11,
             "stop":["\\n","END"],"n":1,"user":"someone"}\
            """);
        var request = gateway.node.requests.getFirst();
        assertEquals("support:7", request.model());
        assertEquals(new Prompt.Text("Hi"), request.prompt());
        var sampling = request.choices().getFirst();
        assertEquals(9, sampling.maxTokens());
        assertEquals(0.5, sampling.temperature());
        assertEquals(0.9, sampling.topP());
        assertEquals(40, sampling.topK());
        assertEquals(11, sampling.seed());
        assertEquals(List.of("\n", "END"), sampling.stop());
    }

    @Test
    void whatIsNotAskedForIsOpenAisDefault() {
        gateway.post("/v1/completions", "{\"model\":\"support\",\"prompt\":\"\",\"stop\":\"x\",\"seed\":null}");
        var sampling = gateway.node.requests.getFirst().choices().getFirst();
        assertEquals(16, sampling.maxTokens());
        assertEquals(1, sampling.temperature());
        assertEquals(1, sampling.topP());
        assertEquals(0, sampling.topK());
        assertEquals(List.of("x"), sampling.stop());
    }

    @Test
    void logprobsListTheDrawnTokens() {
        JsonNode logprobs = TestingGateway.json(
                        gateway.post("/v1/completions", "{\"model\":\"support\",\"prompt\":\"Hi\",\"logprobs\":0}"))
                .at("/choices/0/logprobs");
        assertEquals(TestingGateway.json("[\" Hel\",\"lo,\",\"\",\" wörld\"]"), logprobs.path("tokens"));
        assertEquals(TestingGateway.json("[0,4,7,7]"), logprobs.path("text_offset"));
        assertEquals(-0.5, logprobs.path("token_logprobs").path(3).asDouble());
    }

    @Test
    void logprobsNameTheLikeliestTokens() {
        gateway.node.likeliest = List.of(new TokenLogprob(3, -0.25f, " Hal"), new TokenLogprob(9, -2f, "x"));
        JsonNode logprobs = TestingGateway.json(
                        gateway.post("/v1/completions", "{\"model\":\"support\",\"prompt\":\"Hi\",\"logprobs\":2}"))
                .at("/choices/0/logprobs");
        assertEquals(
                TestingGateway.json("{\" Hal\":-0.25,\"x\":-2.0}"),
                logprobs.path("top_logprobs").path(1));
        assertEquals(2, gateway.node.requests.getFirst().choices().getFirst().topLogprobs());
    }

    @Test
    void chatLogprobsAreObjectsWithBytes() {
        gateway.node.likeliest = List.of(new TokenLogprob(3, -0.25f, "é"));
        JsonNode logprobs = TestingGateway.json(gateway.post(
                        "/v1/chat/completions",
                        "{\"model\":\"support\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],"
                                + "\"logprobs\":true,\"top_logprobs\":1}"))
                .at("/choices/0/logprobs");
        JsonNode last = logprobs.path("content").path(3);
        assertEquals(" wörld", last.path("token").asText());
        assertEquals(7, last.path("bytes").size());
        assertEquals(
                TestingGateway.json("[{\"token\":\"é\",\"logprob\":-0.25,\"bytes\":[195,169]}]"),
                last.path("top_logprobs"));
        assertTrue(logprobs.path("refusal").isNull());
    }

    @Test
    void topLogprobsWithoutLogprobsAreRefused() {
        HttpResponse<String> response = gateway.post(
                "/v1/chat/completions",
                "{\"model\":\"support\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],\"top_logprobs\":1}");
        assertEquals(400, response.statusCode());
        assertEquals(
                "top_logprobs", TestingGateway.json(response).at("/error/param").asText());
    }

    @Test
    void penaltiesAndBiasReachTheSampler() {
        gateway.post(
                "/v1/completions",
                "{\"model\":\"support\",\"prompt\":\"Hi\",\"presence_penalty\":0.5,\"frequency_penalty\":-1,"
                        + "\"logit_bias\":{\"7\":-100,\"8\":2.5}}");
        assertEquals(
                new LogitAdjustment(0.5, -1, Map.of(7, -100.0, 8, 2.5)),
                gateway.node.requests.getFirst().choices().getFirst().adjustment());
    }

    @Test
    void aStreamsTextOffsetsCountFromTheAnswersBeginning() {
        HttpResponse<String> response = gateway.post(
                "/v1/completions", "{\"model\":\"support\",\"prompt\":\"Hi\",\"logprobs\":0,\"stream\":true}");
        List<Integer> offsets = chunks(response.body()).stream()
                .map(chunk -> chunk.at("/choices/0/logprobs/text_offset/0").asInt())
                .toList();
        assertEquals(List.of(0, 4, 7, 7), offsets);
    }

    @Test
    void aStreamIsDataFramesEndingInDone() {
        HttpResponse<String> response = gateway.post(
                "/v1/completions",
                "{\"model\":\"support\",\"prompt\":\"Hi\",\"stream\":true,\"stream_options\":{\"include_usage\":true}}");
        assertEquals("text/event-stream", mediaType(response));
        assertEquals(
                "support:7",
                response.headers().firstValue("x-livegraft-adapter").orElse("none"));
        List<JsonNode> chunks = chunks(response.body());
        assertEquals(List.of(" Hel", "lo,", " wörld"), texts(chunks, "/choices/0/text"));
        assertEquals(
                1,
                chunks.stream()
                        .map(chunk -> chunk.path("id").asText())
                        .distinct()
                        .count());
        assertTrue(chunks.get(0).at("/choices/0/finish_reason").isNull());
        assertTrue(chunks.get(0).path("usage").isNull(), "usage is null before the last event");
        assertEquals("stop", chunks.get(2).at("/choices/0/finish_reason").asText());
        JsonNode last = chunks.getLast();
        assertTrue(last.path("choices").isEmpty());
        assertEquals(4, last.at("/usage/completion_tokens").asInt());
        assertEquals(5, last.at("/usage/prompt_tokens").asInt());
    }

    @Test
    void aChatAnswerIsAMessage() {
        JsonNode body = TestingGateway.json(gateway.post("/v1/chat/completions", """
            {"model":"support","max_completion_tokens":5,"messages":[{"role":"system","content":"Be brief."},
             {"role":"user","content":[{"type":"text","text":"Hi "},{"type":"text","text":"there"}]}]}\
            """));
        assertEquals("chat.completion", body.path("object").asText());
        assertTrue(body.path("id").asText().startsWith("chatcmpl-"));
        assertEquals("assistant", body.at("/choices/0/message/role").asText());
        assertEquals(" Hello, wörld", body.at("/choices/0/message/content").asText(), "as the node gives it");
        assertEquals("stop", body.at("/choices/0/finish_reason").asText());
        assertEquals(
                new Prompt.Chat(new Conversation(
                        List.of(new ChatMessage("system", "Be brief."), new ChatMessage("user", "Hi there")))),
                gateway.node.onlyPrompt());
        assertEquals(5, gateway.node.requests.getFirst().choices().getFirst().maxTokens());
    }

    @Test
    void toolsAndWhatCameOfThemReachTheNode() {
        HttpResponse<String> response = gateway.post("/v1/chat/completions", """
            {"model":"support","tools":[{"type":"function","function":{"name":"size","parameters":{"type":"object"}}}],
             "tool_choice":"auto","messages":[{"role":"user","content":"Hi","name":"ann"},
              {"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function",
               "function":{"name":"size","arguments":"{\\"of\\":[1]}"}}]},
              {"role":"tool","tool_call_id":"c1","content":"42"}]}\
            """);
        assertEquals(200, response.statusCode(), response.body());
        var call = new ToolCall("c1", "size", (ObjectNode) TestingGateway.json("{\"of\":[1]}"));
        ObjectNode tool = (ObjectNode) TestingGateway.json(
                "{\"type\":\"function\",\"function\":{\"name\":\"size\",\"parameters\":{\"type\":\"object\"}}}");
        assertEquals(
                new Prompt.Chat(new Conversation(
                        List.of(
                                new ChatMessage("user", "Hi", List.of(), Optional.empty(), Optional.of("ann")),
                                new ChatMessage("assistant", "", List.of(call), Optional.empty(), Optional.empty()),
                                new ChatMessage("tool", "42", List.of(), Optional.of("c1"), Optional.empty())),
                        List.of(tool))),
                gateway.node.onlyPrompt());
    }

    @Test
    void toolsThatMayNotBeCalledAreNotShown() {
        gateway.post("/v1/chat/completions", """
            {"model":"support","tools":[{"type":"function","function":{"name":"size"}}],"tool_choice":"none",
             "messages":[{"role":"user","content":"Hi"}]}\
            """);
        assertEquals(
                new Prompt.Chat(new Conversation(List.of(new ChatMessage("user", "Hi")))), gateway.node.onlyPrompt());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "tools | \"tools\":{}, | {\"role\":\"user\",\"content\":\"Hi\"}",
                "tools | \"tools\":[{\"type\":\"function\"}], | {\"role\":\"user\",\"content\":\"Hi\"}",
                "tool_choice | \"tool_choice\":\"required\", | {\"role\":\"user\",\"content\":\"Hi\"}",
                "tool_choice | \"tool_choice\":{\"type\":\"function\"}, | {\"role\":\"user\",\"content\":\"Hi\"}",
                "parallel_tool_calls | \"parallel_tool_calls\":false, | {\"role\":\"user\",\"content\":\"Hi\"}",
                "functions | \"functions\":[{\"name\":\"f\"}], | {\"role\":\"user\",\"content\":\"Hi\"}",
                "role | '' | {\"role\":\"function\",\"content\":\"Hi\"}",
                "content | '' | {\"role\":\"assistant\"}",
                "tool_call_id | '' | {\"role\":\"tool\",\"content\":\"Hi\"}",
                "id | '' | {\"role\":\"assistant\",\"tool_calls\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]}",
                "arguments | '' | {\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"c\",\"type\":\"function\","
                        + "\"function\":{\"name\":\"f\",\"arguments\":\"[1\"}}]}",
                "arguments | '' | {\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"c\",\"type\":\"function\","
                        + "\"function\":{\"name\":\"f\",\"arguments\":\"[1]\"}}]}"
            })
    void toolsThatCantBeReadAreRefusedByName(String name, String field, String message) {
        HttpResponse<String> response = gateway.post(
                "/v1/chat/completions", "{%s\"model\":\"support\",\"messages\":[%s]}".formatted(field, message));
        assertEquals(400, response.statusCode(), response.body());
        assertEquals(name, TestingGateway.json(response).at("/error/param").asText(), response.body());
    }

    @Test
    void aChatStreamBeginsWithTheRoleAndEndsWithAnEmptyDelta() {
        HttpResponse<String> response = gateway.post(
                "/v1/chat/completions",
                "{\"model\":\"support\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}");
        List<JsonNode> chunks = chunks(response.body());
        assertEquals("assistant", chunks.getFirst().at("/choices/0/delta/role").asText());
        assertEquals(List.of("", " Hel", "lo,", " wörld"), texts(chunks, "/choices/0/delta/content"));
        JsonNode last = chunks.getLast();
        assertTrue(last.at("/choices/0/delta").isEmpty());
        assertEquals("stop", last.at("/choices/0/finish_reason").asText());
        assertEquals("chat.completion.chunk", last.path("object").asText());
        assertFalse(last.has("usage"), "usage only when asked for");
    }

    @ParameterizedTest
    @CsvSource({
        "support2, 404, model_not_found, model",
        "crowded, 503, overloaded, null",
        "greedy, 429, rate_limit_exceeded, null",
        "long, 400, context_length_exceeded, null",
        "bug, 500, internal_error, null"
    })
    void refusalsAreErrorObjects(String model, int status, String code, String param) {
        HttpResponse<String> response =
                gateway.post("/v1/completions", "{\"model\":\"%s\",\"prompt\":\"Hi\"}".formatted(model));
        assertEquals(status, response.statusCode(), response.body());
        JsonNode error = TestingGateway.json(response).path("error");
        assertEquals(code, error.path("code").asText());
        assertEquals(param, error.path("param").asText());
        assertFalse(error.path("message").asText().isEmpty());
        assertFalse(error.path("type").asText().isEmpty());
        assertEquals(
                status == 429 || status == 503,
                response.headers().firstValue("retry-after").isPresent());
    }

    @Test
    void whoIsRefusedIsToldWhenToComeBackInWholeSeconds() {
        HttpResponse<String> response = gateway.post("/v1/completions", "{\"model\":\"crowded\",\"prompt\":\"Hi\"}");
        assertEquals("7", response.headers().firstValue("retry-after").orElse("none"));
    }

    @Test
    void theNodeIsToldHowLongTheAnswerMayTake() {
        gateway.post("/v1/completions", "{\"model\":\"support\",\"prompt\":\"Hi\",\"timeout\":2.5}");
        assertEquals(
                Optional.of(Duration.ofMillis(2500)),
                gateway.node.requests.getFirst().deadline());
    }

    @ParameterizedTest
    @CsvSource({"'', 2, 2000", "'\"timeout\":2.5,', 0.75, 750", "'\"timeout\":2.5,', 7, 2500"})
    void aHeaderMayTellItTooAndTheShorterOneHolds(String field, String header, long millis) {
        HttpResponse<String> response = gateway.post(
                "/v1/completions",
                "{%s\"model\":\"support\",\"prompt\":\"Hi\"}".formatted(field),
                "x-livegraft-timeout-seconds",
                header);
        assertEquals(200, response.statusCode(), response.body());
        assertEquals(
                Optional.of(Duration.ofMillis(millis)),
                gateway.node.requests.getFirst().deadline());
    }

    @ParameterizedTest
    @ValueSource(strings = {"soon", "0", "-1", "NaN", "86401", "PT2S"})
    void aHeaderThatIsNoTimeIsRefused(String header) {
        HttpResponse<String> response = gateway.post(
                "/v1/chat/completions",
                "{\"model\":\"support\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}",
                "x-livegraft-timeout-seconds",
                header);
        assertEquals(400, response.statusCode(), response.body());
        JsonNode error = TestingGateway.json(response).path("error");
        assertEquals("x-livegraft-timeout-seconds", error.path("param").asText());
        assertEquals(
                "x-livegraft-timeout-seconds is '%s', expected seconds above 0, at most 86400".formatted(header),
                error.path("message").asText());
    }

    @Test
    void anAnswerThatIsToFollowASchemaIsRefused() {
        HttpResponse<String> response = gateway.post("/v1/chat/completions", """
            {"model":"support","messages":[{"role":"user","content":"Hi"}],
             "response_format":{"type":"json_schema","json_schema":{"name":"a","schema":{}}}}\
            """);
        assertEquals(400, response.statusCode());
        JsonNode error = TestingGateway.json(response).path("error");
        assertEquals("response_format", error.path("param").asText());
        assertEquals(
                "response_format is {\"type\":\"json_schema\",\"json_schema\":{\"name\":\"a\",\"schema\":{}}…, expected "
                        + "{\"type\":\"text\"}: answers can't be held to a schema",
                error.path("message").asText());
    }

    @Test
    void severalChoicesAreNumberedAndCountedTogether() {
        JsonNode body = TestingGateway.json(gateway.post(
                "/v1/completions", "{\"model\":\"support\",\"prompt\":\"Hi\",\"n\":2,\"best_of\":2,\"seed\":11}"));
        assertEquals(" Hello, wörld", body.at("/choices/0/text").asText());
        assertEquals(" Bye", body.at("/choices/1/text").asText());
        assertEquals(1, body.at("/choices/1/index").asInt());
        assertEquals(6, body.at("/usage/completion_tokens").asInt());
        assertEquals(5, body.at("/usage/prompt_tokens").asInt());
        var choices = gateway.node.requests.getFirst().choices();
        assertEquals(2, choices.size());
        assertEquals(11, choices.getFirst().seed(), "as for one");
        assertNotEquals(11, choices.getLast().seed());
    }

    @Test
    void aStreamOfSeveralChoicesSaysWhichOneEachEventIsOf() {
        HttpResponse<String> response = gateway.post("/v1/chat/completions", """
            {"model":"support","stream":true,"n":2,"stream_options":{"include_usage":true},
             "messages":[{"role":"user","content":"Hi"}]}\
            """);
        List<JsonNode> chunks = chunks(response.body());
        for (int choice = 0; choice < 2; choice++) {
            int index = choice;
            List<JsonNode> own = chunks.stream()
                    .filter(chunk -> chunk.at("/choices/0/index").asInt(-1) == index)
                    .toList();
            assertEquals("assistant", own.getFirst().at("/choices/0/delta/role").asText());
            assertEquals(
                    index == 0 ? " Hello, wörld" : " Bye", String.join("", texts(own, "/choices/0/delta/content")));
            assertEquals("stop", own.getLast().at("/choices/0/finish_reason").asText());
        }
        assertEquals(6, chunks.getLast().at("/usage/completion_tokens").asInt());
    }

    @Test
    void anEchoBeginsWithThePromptAndScoresItWhereLogprobsAreAskedFor() {
        JsonNode choice = TestingGateway.json(gateway.post(
                        "/v1/completions", "{\"model\":\"support\",\"prompt\":\"Hi\",\"echo\":true,\"logprobs\":0}"))
                .at("/choices/0");
        assertEquals("Hi Hello, wörld", choice.path("text").asText());
        assertEquals(
                TestingGateway.json("[\"H\",\"i\",\" Hel\",\"lo,\",\"\",\" wörld\"]"), choice.at("/logprobs/tokens"));
        assertEquals(TestingGateway.json("[null,-1.5,-0.5,-0.5,-0.5,-0.5]"), choice.at("/logprobs/token_logprobs"));
        assertEquals(TestingGateway.json("[0,1,2,6,9,9]"), choice.at("/logprobs/text_offset"));
        assertTrue(gateway.node.requests.getFirst().choices().getFirst().promptLogprobs());
    }

    @Test
    void anEchoWithoutLogprobsScoresNothing() {
        HttpResponse<String> response = gateway.post(
                "/v1/completions", "{\"model\":\"support\",\"prompt\":\"Hi\",\"echo\":true,\"stream\":true}");
        assertEquals(List.of("Hi Hel", "lo,", " wörld"), texts(chunks(response.body()), "/choices/0/text"));
        assertFalse(gateway.node.requests.getFirst().choices().getFirst().promptLogprobs());
    }

    @Test
    void aPromptAloneIsScoredWithoutAWordMore() {
        JsonNode body = TestingGateway.json(gateway.post(
                "/v1/completions",
                "{\"model\":\"support\",\"prompt\":\"Hi\",\"echo\":true,\"logprobs\":0,\"max_tokens\":0}"));
        assertEquals("Hi", body.at("/choices/0/text").asText());
        assertEquals("length", body.at("/choices/0/finish_reason").asText());
        assertEquals(TestingGateway.json("[null,-1.5]"), body.at("/choices/0/logprobs/token_logprobs"));
        assertEquals(0, body.at("/usage/completion_tokens").asInt(-1));
    }

    @Test
    void aChatCantEcho() {
        HttpResponse<String> response = gateway.post(
                "/v1/chat/completions",
                "{\"model\":\"support\",\"echo\":true,\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}");
        assertEquals(400, response.statusCode());
        assertEquals("echo", TestingGateway.json(response).at("/error/param").asText());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "n:0",
                "n:17",
                "n:1.5",
                "timeout:0",
                "timeout:\"soon\"",
                "temperature:3",
                "temperature:\"hot\"",
                "top_p:0",
                "top_k:-1",
                "max_tokens:0",
                "max_tokens:1.5",
                "stop:[\"\"]",
                "stop:[1]",
                "stream:\"yes\"",
                "logprobs:true",
                "echo:1",
                "frequency_penalty:3",
                "presence_penalty:-2.5",
                "logit_bias:[1]",
                "logit_bias:{\"1\":101}",
                "logit_bias:{\"a\":1}",
                "seed:\"a\"",
                "best_of:4",
                "suffix:\"x\""
            })
    void aFieldThatCantBeUsedIsRefusedByName(String field) {
        String name = field.substring(0, field.indexOf(':'));
        HttpResponse<String> response = gateway.post(
                "/v1/completions",
                "{\"model\":\"support\",\"prompt\":\"Hi\",\"%s\"%s}".formatted(name, field.substring(name.length())));
        assertEquals(400, response.statusCode(), response.body());
        JsonNode error = TestingGateway.json(response).path("error");
        assertEquals(name, error.path("param").asText(), response.body());
        assertEquals("invalid_request_error", error.path("type").asText());
        assertTrue(error.path("message").asText().contains(name));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"prompt\":\"Hi\"}",
                "{\"model\":7,\"prompt\":\"Hi\"}",
                "{\"model\":\"support\"}",
                "{\"model\":\"support\",\"prompt\":[\"a\",\"b\"]}",
                "{\"model\":\"support\",\"prompt\":[1,2]}",
                "[]"
            })
    void anIncompleteRequestIsRefused(String body) {
        assertEquals(400, gateway.post("/v1/completions", body).statusCode());
        assertTrue(gateway.node.requests.isEmpty());
    }

    @Test
    void aFailureInMidStreamIsToldInAnEvent() {
        HttpResponse<String> response =
                gateway.post("/v1/completions", "{\"model\":\"breaking\",\"prompt\":\"Hi\",\"stream\":true}");
        assertEquals(200, response.statusCode());
        List<JsonNode> chunks = chunks(response.body());
        assertEquals("one", chunks.getFirst().at("/choices/0/text").asText());
        assertEquals("unavailable", chunks.getLast().at("/error/code").asText());
    }

    @Test
    void aFailureBeforeTheAnswerIsAnErrorStatus() {
        HttpResponse<String> response = gateway.post("/v1/completions", "{\"model\":\"breaking\",\"prompt\":\"Hi\"}");
        assertEquals(503, response.statusCode());
        assertEquals(
                "the device has gone",
                TestingGateway.json(response).at("/error/message").asText());
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aClientThatGoesAwayEndsItsGeneration(boolean stream) throws Exception {
        String body = "{\"model\":\"endless\",\"prompt\":\"\",\"stream\":%s}".formatted(stream);
        try (var own = new TestingGateway()) {
            try (var socket =
                    new Socket(InetAddress.getLoopbackAddress(), own.address().getPort())) {
                socket.getOutputStream().write(post(body, "").getBytes(StandardCharsets.UTF_8));
                while (own.node.requests.isEmpty()) {
                    Thread.sleep(5);
                }
            }
            own.node.endlessAnswerCancelled.get(30, TimeUnit.SECONDS);
        }
    }

    @Test
    void aClientThatAsksToCloseTheConnectionIsAnswered() throws Exception {
        String body = "{\"model\":\"slow\",\"prompt\":\"\"}";
        try (var socket =
                new Socket(InetAddress.getLoopbackAddress(), gateway.address().getPort())) {
            socket.getOutputStream().write(post(body, "Connection: close\r\n").getBytes(StandardCharsets.UTF_8));
            String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertTrue(answer.startsWith("HTTP/1.1 200 OK"), answer);
            assertTrue(answer.contains("\"text\":\"one\""), answer);
        }
    }

    private static String post(String body, String headers) {
        return "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                + "Content-Length: %d\r\n%s\r\n%s".formatted(body.length(), headers, body);
    }

    private static String mediaType(HttpResponse<String> response) {
        return response.headers().firstValue("content-type").orElse("none").split(";", 2)[0];
    }

    private static List<String> texts(List<JsonNode> chunks, String pointer) {
        return chunks.stream()
                .map(chunk -> chunk.at(pointer))
                .filter(JsonNode::isTextual)
                .map(JsonNode::asText)
                .toList();
    }

    private static List<JsonNode> chunks(String body) {
        assertTrue(body.endsWith("data: [DONE]\n\n"), body);
        var chunks = new ArrayList<JsonNode>();
        for (String frame : body.split("\n\n", -1)) {
            if (!frame.isEmpty() && !frame.equals("data: [DONE]")) {
                assertTrue(frame.startsWith("data: {"), frame);
                chunks.add(TestingGateway.json(frame.substring("data: ".length())));
            }
        }
        return chunks;
    }
}
