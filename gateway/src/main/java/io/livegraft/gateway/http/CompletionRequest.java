package io.livegraft.gateway.http;

import com.fasterxml.jackson.databind.JsonNode;
import io.livegraft.actors.node.GenerationRequest;
import io.livegraft.actors.node.Prompt;
import io.livegraft.gateway.wire.Fields;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A completion or chat request as read from the wire.
 *
 * @param stream answer as server-sent events
 * @param includeUsage of a stream: a last event with token counts
 * @param logprobs answer with the log-probabilities of the tokens drawn
 * @param echo the prompt, where the answer is to begin with it
 */
record CompletionRequest(
        GenerationRequest generation, boolean stream, boolean includeUsage, boolean logprobs, Optional<String> echo) {
    static CompletionRequest completion(JsonNode body, Optional<String> timeLimit, HttpLimits limits) {
        Fields fields = Fields.of(body);
        UnsupportedFields.refuseInCompletion(fields);
        OptionalInt logprobs = fields.integer("logprobs");
        var maxTokens = fields.integer("max_tokens").orElse(limits.maxTokens());
        String prompt = prompt(fields.required("prompt"));
        Optional<String> echo = fields.flag("echo", false) ? Optional.of(prompt) : Optional.empty();
        return read(
                fields, new Prompt.Text(prompt), maxTokens, logprobs, echo, TimeLimit.read(fields, timeLimit), limits);
    }

    static CompletionRequest chat(JsonNode body, Optional<String> timeLimit, HttpLimits limits) {
        Fields fields = Fields.of(body);
        UnsupportedFields.refuseInChat(fields);
        var maxTokens = fields.integer("max_completion_tokens")
                .orElseGet(() -> fields.integer("max_tokens").orElse(limits.maxChatTokens()));
        var prompt = new Prompt.Chat(ConversationFields.read(fields));
        return read(
                fields,
                prompt,
                maxTokens,
                chatLogprobs(fields),
                Optional.empty(),
                TimeLimit.read(fields, timeLimit),
                limits);
    }

    /** How many tokens to name with each, where the drawn one is to be named at all. */
    private static OptionalInt chatLogprobs(Fields fields) {
        OptionalInt top = fields.integer("top_logprobs");
        if (fields.flag("logprobs", false)) {
            return OptionalInt.of(top.orElse(0));
        }
        if (top.orElse(0) != 0) {
            throw Fields.refuse(
                    "top_logprobs", "top_logprobs is %d, but logprobs is not true".formatted(top.getAsInt()));
        }
        return OptionalInt.empty();
    }

    private static CompletionRequest read(
            Fields fields,
            Prompt prompt,
            int maxTokens,
            OptionalInt logprobs,
            Optional<String> echo,
            Optional<Duration> deadline,
            HttpLimits limits) {
        boolean stream = fields.flag("stream", false);
        boolean includeUsage = fields.value("stream_options")
                .map(options -> Fields.of(options).flag("include_usage", false))
                .orElse(false);
        // A prompt alone, without a word more, is not generated: it is scored.
        boolean scored = echo.isPresent() && (logprobs.isPresent() || maxTokens == 0);
        var choices =
                SamplingFields.read(fields, maxTokens, new SamplingFields.Scores(logprobs.orElse(0), scored), limits);
        return new CompletionRequest(
                new GenerationRequest(fields.requiredText("model"), prompt, choices, deadline),
                stream,
                includeUsage,
                logprobs.isPresent(),
                echo);
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
}
