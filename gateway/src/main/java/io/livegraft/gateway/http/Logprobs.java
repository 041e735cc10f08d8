package io.livegraft.gateway.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.livegraft.gpu.generation.GenerationDelta;
import io.livegraft.gpu.generation.TokenLogprob;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * How OpenAI writes log-probabilities, one way for each kind of answer. The text of a drawn token is what became certain with it,
 * so that the tokens together are the answer.
 */
final class Logprobs {
    private Logprobs() {}

    /** Parallel lists; {@code offset} characters of the answer came before. */
    static void putCompletion(ObjectNode choice, List<GenerationDelta> deltas, int offset) {
        ObjectNode logprobs = choice.putObject("logprobs");
        ArrayNode tokens = logprobs.putArray("tokens");
        ArrayNode values = logprobs.putArray("token_logprobs");
        boolean others = deltas.stream().anyMatch(delta -> !delta.likeliest().isEmpty());
        ArrayNode top = logprobs.arrayNode();
        ArrayNode offsets = logprobs.putArray("text_offset");
        int at = offset;
        for (GenerationDelta delta : deltas) {
            tokens.add(delta.text());
            values.add(delta.logprob());
            ObjectNode of = top.addObject();
            delta.likeliest().forEach(each -> of.put(each.text(), each.logprob()));
            offsets.add(at);
            at += delta.text().length();
        }
        logprobs.set("top_logprobs", others ? top : logprobs.nullNode());
    }

    /** One object a token. */
    static void putChat(ObjectNode choice, List<GenerationDelta> deltas) {
        ObjectNode logprobs = choice.putObject("logprobs");
        ArrayNode content = logprobs.putArray("content");
        for (GenerationDelta delta : deltas) {
            ObjectNode token = content.addObject();
            put(token, delta.text(), delta.logprob());
            ArrayNode top = token.putArray("top_logprobs");
            for (TokenLogprob each : delta.likeliest()) {
                put(top.addObject(), each.text(), each.logprob());
            }
        }
        logprobs.putNull("refusal");
    }

    private static void put(ObjectNode token, String text, float logprob) {
        token.put("token", text).put("logprob", logprob);
        ArrayNode bytes = token.putArray("bytes");
        for (byte each : text.getBytes(StandardCharsets.UTF_8)) {
            bytes.add(each & 0xFF);
        }
    }
}
