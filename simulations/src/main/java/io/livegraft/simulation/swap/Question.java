package io.livegraft.simulation.swap;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.SplittableRandom;

/**
 * All that an answer depends on besides the version that makes it.
 *
 * @param chat one message of a conversation instead of a text to continue
 * @param temperature 0 takes the likeliest token, above it {@code seed} draws
 * @param choices answers to it
 * @param echo whether each begins with the prompt, scored; not in a chat
 */
record Question(boolean chat, String prompt, int maxTokens, double temperature, long seed, int choices, boolean echo) {
    private static final List<String> PROMPTS = List.of(
            "Where is my order 4182?",
            "I have lost my credit card. What should I do?",
            "I want to return the desk lamp.",
            "When are you open?",
            "The parcel arrived broken, and the box was wet.");
    /** A further choice draws with the request's seed and as many of these, as the gateway's README says. */
    private static final long SEED_STEP = 0x9E3779B97F4A7C15L;

    /** Not too many different ones: the oracle computes each one once for each version. */
    static Question draw(SplittableRandom random) {
        boolean chat = random.nextBoolean();
        boolean drawn = random.nextBoolean();
        boolean echo = !chat && random.nextInt(4) == 0;
        // A prompt alone can be scored without a word more.
        int maxTokens = echo && random.nextBoolean() ? 0 : 4 + 8 * random.nextInt(2);
        int choices = random.nextInt(6) == 0 ? 2 + random.nextInt(2) : 1;
        return new Question(
                chat,
                PROMPTS.get(random.nextInt(PROMPTS.size())),
                maxTokens,
                drawn ? 1 : 0,
                drawn ? 1 + random.nextInt(2) : 0,
                choices,
                echo);
    }

    /** The shortest one. */
    static Question ofOneToken() {
        return new Question(false, PROMPTS.getFirst(), 1, 0, 0, 1, false);
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
            body.put("prompt", prompt).put("logprobs", 0).put("echo", echo);
        }
        return body.put("max_tokens", maxTokens)
                .put("temperature", temperature)
                .put("seed", seed)
                .put("n", choices)
                .put("stream", streamed);
    }

    /** As the oracle takes it; an empty digest is the base alone. */
    ObjectNode toOracle(String digest) {
        ObjectNode question = JsonNodeFactory.instance
                .objectNode()
                .put("digest", digest)
                .put("chat", chat)
                .put("prompt", prompt)
                .put("maxTokens", maxTokens)
                .put("temperature", temperature)
                .put("echo", echo);
        ArrayNode seeds = question.putArray("seeds");
        for (int choice = 0; choice < choices; choice++) {
            seeds.add(seed ^ (choice * SEED_STEP));
        }
        return question;
    }
}
