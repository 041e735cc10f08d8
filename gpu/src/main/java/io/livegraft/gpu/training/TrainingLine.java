package io.livegraft.gpu.training;

import com.fasterxml.jackson.databind.JsonNode;
import io.livegraft.gpu.tokenizer.ChatFormat;
import io.livegraft.gpu.tokenizer.ChatMessage;
import io.livegraft.gpu.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.List;

/** One line of a {@link TrainingFile} as token ids; IllegalArgumentException says what it lacks. */
final class TrainingLine {
    private final Tokenizer tokenizer;

    TrainingLine(Tokenizer tokenizer) {
        this.tokenizer = tokenizer;
    }

    TrainingInput parse(JsonNode line, Loss loss) {
        return switch (loss) {
            case Sft _ ->
                new TrainingInput.Supervised(line.has("messages") ? conversation(line) : example(line, "completion"));
            case Dpo _ -> new TrainingInput.Preference(example(line, "chosen"), example(line, "rejected"));
            case Kto _, Bco _, ApoZero _ -> new TrainingInput.Labelled(example(line, "completion"), label(line));
        };
    }

    private static boolean label(JsonNode line) {
        JsonNode label = line.path("label");
        if (!label.isBoolean()) {
            throw new IllegalArgumentException("needs \"label\", true or false");
        }
        return label.booleanValue();
    }

    /** Everything before the last message is the prompt. */
    private TrainingExample conversation(JsonNode line) {
        List<ChatMessage> messages = messages(line.get("messages"), "messages");
        if (messages.size() < 2) {
            throw new IllegalArgumentException("needs at least two \"messages\", the last of them the completion");
        }
        return reply(messages.subList(0, messages.size() - 1), messages.getLast(), "messages");
    }

    private TrainingExample example(JsonNode line, String field) {
        JsonNode prompt = line.path("prompt");
        JsonNode completion = line.path(field);
        if (prompt.isTextual() && completion.isTextual()) {
            return tokenizer.example(prompt.textValue(), completion.textValue());
        }
        if (!prompt.isArray() || !completion.isArray()) {
            throw new IllegalArgumentException(
                    "needs \"prompt\" and \"%s\", both strings or both lists of messages".formatted(field));
        }
        List<ChatMessage> replies = messages(completion, field);
        if (replies.size() != 1) {
            throw new IllegalArgumentException(
                    "\"%s\" has %d messages, expected one of the assistant".formatted(field, replies.size()));
        }
        return reply(messages(prompt, "prompt"), replies.getFirst(), field);
    }

    private TrainingExample reply(List<ChatMessage> prompt, ChatMessage reply, String field) {
        if (!reply.role().equals("assistant")) {
            throw new IllegalArgumentException(
                    "the last of \"%s\" is of role '%s', expected assistant".formatted(field, reply.role()));
        }
        return tokenizer.example(ChatFormat.render(prompt), " " + reply.content());
    }

    private static List<ChatMessage> messages(JsonNode list, String field) {
        List<ChatMessage> messages = new ArrayList<>();
        for (JsonNode message : list) {
            JsonNode role = message.path("role");
            JsonNode content = message.path("content");
            if (!role.isTextual() || !content.isTextual()) {
                throw new IllegalArgumentException(
                        "\"%s\" needs messages with the strings \"role\" and \"content\"".formatted(field));
            }
            messages.add(new ChatMessage(role.textValue(), content.textValue()));
        }
        return messages;
    }
}
