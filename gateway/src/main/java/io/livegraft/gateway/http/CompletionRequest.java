package io.livegraft.gateway.http;

import com.fasterxml.jackson.databind.JsonNode;
import io.livegraft.actors.node.GenerationRequest;
import io.livegraft.actors.node.Prompt;
import io.livegraft.gateway.wire.Fields;
import io.livegraft.gpu.generation.SamplingSettings;
import io.livegraft.gpu.tokenizer.ChatMessage;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

/**
 * A completion or chat request as read from the wire.
 *
 * @param stream answer as server-sent events
 * @param includeUsage of a stream: a last event with token counts
 * @param logprobs of a completion: log-probabilities of the tokens drawn
 */
record CompletionRequest(GenerationRequest generation, boolean stream, boolean includeUsage, boolean logprobs) {
    private static final Set<String> ROLES = Set.of("system", "developer", "user", "assistant");

    static CompletionRequest completion(JsonNode body, int defaultMaxTokens) {
        Fields fields = Fields.of(body);
        UnsupportedFields.refuseIn(fields);
        boolean logprobs = wantsLogprobs(fields);
        var maxTokens = fields.integer("max_tokens").orElse(defaultMaxTokens);
        return read(fields, new Prompt.Text(prompt(fields.required("prompt"))), maxTokens, logprobs);
    }

    static CompletionRequest chat(JsonNode body, int defaultMaxTokens) {
        Fields fields = Fields.of(body);
        UnsupportedFields.refuseIn(fields);
        if (fields.flag("logprobs", false)) {
            throw Fields.refuse("logprobs", "logprobs of chat answers are not supported; /v1/completions has them");
        }
        var maxTokens = fields.integer("max_completion_tokens")
                .orElseGet(() -> fields.integer("max_tokens").orElse(defaultMaxTokens));
        return read(fields, new Prompt.Chat(messages(fields.required("messages"))), maxTokens, false);
    }

    private static CompletionRequest read(Fields fields, Prompt prompt, int maxTokens, boolean logprobs) {
        String model = fields.requiredText("model");
        boolean stream = fields.flag("stream", false);
        boolean includeUsage = fields.value("stream_options")
                .map(options -> Fields.of(options).flag("include_usage", false))
                .orElse(false);
        return new CompletionRequest(
                new GenerationRequest(model, prompt, sampling(fields, maxTokens)), stream, includeUsage, logprobs);
    }

    private static SamplingSettings sampling(Fields fields, int maxTokens) {
        double temperature = fields.number("temperature").orElse(1);
        double topP = fields.number("top_p").orElse(1);
        int topK = fields.integer("top_k").orElse(0);
        long seed = fields.longInteger("seed")
                .orElseGet(() -> ThreadLocalRandom.current().nextLong());
        try {
            return new SamplingSettings(maxTokens, temperature, topP, topK, seed, stop(fields));
        } catch (IllegalArgumentException outOfRange) {
            // The settings speak in OpenAI's field names: "temperature is 3.0, expected between 0 and 2".
            String message = String.valueOf(outOfRange.getMessage());
            throw Fields.refuse(message.substring(0, Math.max(0, message.indexOf(' '))), message);
        }
    }

    private static List<String> stop(Fields fields) {
        return fields.value("stop")
                .map(node -> node.isTextual() ? List.of(node.textValue()) : strings("stop", node))
                .orElse(List.of());
    }

    private static List<String> strings(String name, JsonNode node) {
        if (!node.isArray()) {
            throw Fields.wrong(name, node, "a string or a list of strings");
        }
        var strings = new ArrayList<String>();
        for (JsonNode element : node) {
            if (!element.isTextual()) {
                throw Fields.wrong(name, node, "a string or a list of strings");
            }
            strings.add(element.textValue());
        }
        return strings;
    }

    private static String prompt(JsonNode node) {
        if (node.isTextual()) {
            return node.textValue();
        }
        if (node.isArray() && node.size() == 1 && node.get(0).isTextual()) {
            return node.get(0).textValue();
        }
        throw Fields.wrong("prompt", node, "one string (a list of one is fine; token ids are not supported)");
    }

    private static boolean wantsLogprobs(Fields fields) {
        var logprobs = fields.integer("logprobs");
        if (logprobs.isPresent() && logprobs.getAsInt() != 0) {
            throw Fields.refuse(
                    "logprobs",
                    "logprobs is %d, expected 0: only the drawn token's log-probability is known"
                            .formatted(logprobs.getAsInt()));
        }
        return logprobs.isPresent();
    }

    private static List<ChatMessage> messages(JsonNode node) {
        if (!node.isArray() || node.isEmpty()) {
            throw Fields.wrong("messages", node, "a list of at least one message");
        }
        var messages = new ArrayList<ChatMessage>();
        for (JsonNode element : node) {
            if (!element.isObject()) {
                throw Fields.wrong("messages", element, "an object with role and content");
            }
            Fields message = Fields.of(element);
            String role = message.requiredText("role");
            if (!ROLES.contains(role)) {
                throw Fields.wrong("role", element.get("role"), "system, user or assistant");
            }
            messages.add(
                    new ChatMessage(role.equals("developer") ? "system" : role, content(message.required("content"))));
        }
        return messages;
    }

    private static String content(JsonNode node) {
        if (node.isTextual()) {
            return node.textValue();
        }
        if (!node.isArray()) {
            throw Fields.wrong("content", node, "a string or a list of text parts");
        }
        var text = new StringBuilder();
        for (JsonNode part : node) {
            if (!part.isObject() || !part.path("type").asText().equals("text")) {
                throw Fields.wrong("content", part, "a part {\"type\":\"text\",\"text\":…}");
            }
            text.append(Fields.of(part).requiredText("text"));
        }
        return text.toString();
    }
}
