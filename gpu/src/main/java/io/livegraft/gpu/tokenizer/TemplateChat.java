package io.livegraft.gpu.tokenizer;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.jinja.JinjaTemplate;
import io.livegraft.gpu.jinja.TemplateException;
import io.livegraft.gpu.training.TrainingExample;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A base's own chat template, rendered as transformers' {@code apply_chat_template} does: no BOS but what the template
 * writes. Special tokens are recognised where the template itself spells them as a whole, in its text, its strings or by
 * {@code bos_token} and its like; in the messages they stay text.
 */
final class TemplateChat implements Chat {
    private final Path base;
    private final JinjaTemplate template;
    private final Map<String, String> tokens;
    private final Tokenizer tokenizer;

    /** @param tokens variables for the template, with the secret names */
    private TemplateChat(Path base, JinjaTemplate template, Map<String, String> tokens, Tokenizer tokenizer) {
        this.base = base;
        this.template = template;
        this.tokens = tokens;
        this.tokenizer = tokenizer;
    }

    static TemplateChat read(
            Path base, String source, Map<String, String> tokens, SecretNames names, Tokenizer tokenizer) {
        Map<String, String> secret = new HashMap<>(tokens);
        secret.replaceAll((_, token) -> names.in(token));
        try {
            return new TemplateChat(base, JinjaTemplate.parse(source, names::in), secret, tokenizer);
        } catch (TemplateException broken) {
            throw unusable(base, broken);
        }
    }

    @Override
    public int[] prompt(List<ChatMessage> messages, Instant time) {
        return tokenizer.encodeRendered(render(messages, true, time));
    }

    /**
     * The sequence is what the template makes of the conversation with the answer in it, up to the first end-of-sequence
     * token of the answer's part; where that has none, the base's first one is added.
     */
    @Override
    public TrainingExample example(List<ChatMessage> messages, String answer, Instant time) {
        List<ChatMessage> answered = new ArrayList<>(messages);
        answered.add(new ChatMessage("assistant", answer));
        int[] whole = tokenizer.encodeRendered(render(answered, false, time));
        int parting = Math.max(1, Arrays.mismatch(prompt(messages, time), whole));
        int end = parting;
        while (end < whole.length && !tokenizer.endsSequence(whole[end])) {
            end++;
        }
        int[] tokens = Arrays.copyOf(whole, end + 1);
        if (end == whole.length) {
            tokens[end] = tokenizer.endOfSequence();
        }
        return new TrainingExample(tokens, Math.min(parting, end));
    }

    @Override
    public boolean answerFollowsSpace() {
        return false;
    }

    private String render(List<ChatMessage> messages, boolean answerFollows, Instant time) {
        if (messages.isEmpty()) {
            throw new LivegraftException(ErrorCode.INVALID_REQUEST, "messages is empty, expected at least one message");
        }
        Map<String, Object> variables = new HashMap<>(tokens);
        variables.put(
                "messages",
                messages.stream()
                        .map(message -> Map.of("role", message.role(), "content", message.content()))
                        .toList());
        variables.put("add_generation_prompt", answerFollows);
        try {
            return template.render(variables, time);
        } catch (TemplateException refusal) {
            if (refusal.raised()) {
                throw new LivegraftException(
                        ErrorCode.INVALID_REQUEST,
                        "the base's chat template refuses the messages: " + refusal.getMessage(),
                        refusal);
            }
            throw unusable(base, refusal);
        }
    }

    private static LivegraftException unusable(Path base, TemplateException why) {
        return new LivegraftException(
                ErrorCode.INVALID_MODEL,
                "the chat template of %s can't be used: it %s".formatted(base, why.getMessage()),
                why);
    }
}
