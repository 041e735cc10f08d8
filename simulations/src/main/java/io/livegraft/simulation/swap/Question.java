package io.livegraft.simulation.swap;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.SplittableRandom;

/**
 * All that an answer depends on besides the version that makes it.
 *
 * @param chat one message of a conversation instead of a text to continue
 * @param temperature 0 takes the likeliest token, above it {@code seed} draws
 */
record Question(boolean chat, String prompt, int maxTokens, double temperature, long seed) {
    private static final List<String> PROMPTS = List.of(
            "Where is my order 4182?",
            "I have lost my credit card. What should I do?",
            "I want to return the desk lamp.",
            "When are you open?",
            "Can I speak to a real person?",
            "The parcel arrived broken, and the box was wet.",
            "How do I change my address?",
            "Please cancel my subscription.");

    /** Not too many different ones: the oracle computes each one once for each version. */
    static Question draw(SplittableRandom random) {
        boolean chat = random.nextBoolean();
        boolean drawn = random.nextBoolean();
        return new Question(
                chat,
                PROMPTS.get(random.nextInt(PROMPTS.size())),
                4 + 4 * random.nextInt(3),
                drawn ? 1 : 0,
                drawn ? 1 + random.nextInt(2) : 0);
    }

    /** The shortest one. */
    static Question ofOneToken() {
        return new Question(false, PROMPTS.getFirst(), 1, 0, 0);
    }

    String path() {
        return chat ? "/v1/chat/completions" : "/v1/completions";
    }

    /** As OpenAI's API takes it; log-probabilities are asked for, so that another version shows in every token. */
    ObjectNode body(String model, boolean streamed) {
        ObjectNode body = JsonNodeFactory.instance.objectNode().put("model", model);
        if (chat) {
            body.putArray("messages").addObject().put("role", "user").put("content", prompt);
            body.put("logprobs", true);
        } else {
            body.put("prompt", prompt).put("logprobs", 0);
        }
        return body.put("max_tokens", maxTokens)
                .put("temperature", temperature)
                .put("seed", seed)
                .put("stream", streamed);
    }

    /** As the oracle takes it; an empty digest is the base alone. */
    ObjectNode toOracle(String digest) {
        return JsonNodeFactory.instance
                .objectNode()
                .put("digest", digest)
                .put("chat", chat)
                .put("prompt", prompt)
                .put("maxTokens", maxTokens)
                .put("temperature", temperature)
                .put("seed", seed);
    }
}
