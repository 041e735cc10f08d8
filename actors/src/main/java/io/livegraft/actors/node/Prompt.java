package io.livegraft.actors.node;

import io.livegraft.gpu.tokenizer.ChatMessage;
import java.util.List;

/** What the model continues: text as it is, or a conversation that the base's chat format renders. */
public sealed interface Prompt {
    /** Taken verbatim; empty starts from BOS alone. */
    record Text(String text) implements Prompt {}

    /** Turns, oldest first. */
    record Chat(List<ChatMessage> messages) implements Prompt {
        public Chat {
            messages = List.copyOf(messages);
        }
    }
}
