package io.livegraft.gateway.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.livegraft.gpu.generation.GenerationDelta;
import io.livegraft.gpu.generation.TokenLogprob;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.Stream;

/**
 * How OpenAI writes log-probabilities, one way for each kind of answer. The text of a drawn token is what became certain with it,
 * so that the tokens together are the answer.
 */
final class Logprobs {
    private Logprobs() {}

    /** One token of a completion's lists. */
    private record Listed(String text, OptionalDouble logprob, List<TokenLogprob> likeliest) {}

    /** Parallel lists, a scored prompt's tokens first; {@code offset} characters came before. */
    static void putCompletion(ObjectNode choice, List<GenerationDelta> deltas, int offset) {
        List<Listed> all = deltas.stream().flatMap(Logprobs::listed).toList();
        ObjectNode logprobs = choice.putObject("logprobs");
        ArrayNode tokens = logprobs.putArray("tokens");
        ArrayNode values = logprobs.putArray("token_logprobs");
        ArrayNode top = logprobs.arrayNode();
        ArrayNode offsets = logprobs.putArray("text_offset");
        int at = offset;
        for (Listed token : all) {
            tokens.add(token.text());
            token.logprob().ifPresentOrElse(value -> values.add((float) value), values::addNull);
            putLikeliest(top, token);
            offsets.add(at);
            at += token.text().length();
        }
        boolean others = all.stream().anyMatch(token -> !token.likeliest().isEmpty());
        logprobs.set("top_logprobs", others ? top : logprobs.nullNode());
    }

    private static Stream<Listed> listed(GenerationDelta delta) {
        Stream<Listed> prompt =
                delta.prompt().stream().map(token -> new Listed(token.text(), token.logprob(), token.likeliest()));
        Stream<Listed> drawn = delta.drawn()
                ? Stream.of(new Listed(delta.text(), OptionalDouble.of(delta.logprob()), delta.likeliest()))
                : Stream.empty();
        return Stream.concat(prompt, drawn);
    }

    /** Nothing comes before a first token, so nothing was likelier in its place. */
    private static void putLikeliest(ArrayNode top, Listed token) {
        if (token.logprob().isEmpty()) {
            top.addNull();
        } else {
            ObjectNode of = top.addObject();
            token.likeliest().forEach(each -> of.put(each.text(), each.logprob()));
        }
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
