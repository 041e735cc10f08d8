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
    public int[] prompt(Conversation conversation, Instant time) {
        return tokenizer.encodeRendered(render(conversation, true, time));
    }

    /**
     * The sequence is what the template makes of the conversation with the answer in it, up to the first end-of-sequence
     * token of the answer's part; where that has none, the base's first one is added.
     */
    @Override
    public TrainingExample example(List<ChatMessage> messages, String answer, Instant time) {
        List<ChatMessage> answered = new ArrayList<>(messages);
        answered.add(new ChatMessage("assistant", answer));
        int[] whole = tokenizer.encodeRendered(render(new Conversation(answered), false, time));
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

    private String render(Conversation conversation, boolean answerFollows, Instant time) {
        if (conversation.messages().isEmpty()) {
            throw new LivegraftException(ErrorCode.INVALID_REQUEST, "messages is empty, expected at least one message");
        }
        try {
            String text = filled(conversation, answerFollows, time);
            refuseUnshown(conversation, text, answerFollows, time);
            return text;
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

    private String filled(Conversation conversation, boolean answerFollows, Instant time) {
        Map<String, Object> variables = TemplateVariables.of(conversation, answerFollows);
        variables.putAll(tokens);
        return template.render(variables, time);
    }

    /** Templates that know of no tools leave them out in silence, and the answer would be one to another question. */
    private void refuseUnshown(Conversation conversation, String text, boolean answerFollows, Instant time) {
        conversation.withoutEachToolPart().forEach((part, without) -> {
            if (text.equals(filledOrRefused(without, answerFollows, time))) {
                throw new LivegraftException(
                        ErrorCode.INVALID_REQUEST,
                        "the base's chat template does not show %s, expected a request without".formatted(part));
            }
        });
    }

    /** A template that minds when a part is missing takes notice of it. */
    private String filledOrRefused(Conversation conversation, boolean answerFollows, Instant time) {
        try {
            return filled(conversation, answerFollows, time);
        } catch (TemplateException minds) {
            return String.valueOf(minds.getMessage());
        }
    }

    private static LivegraftException unusable(Path base, TemplateException why) {
        return new LivegraftException(
                ErrorCode.INVALID_MODEL,
                "the chat template of %s can't be used: it %s".formatted(base, why.getMessage()),
                why);
    }
}
