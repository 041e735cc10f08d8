package io.livegraft.actors.node;

import io.livegraft.gpu.tokenizer.Conversation;

/** What the model continues: text as it is, or a conversation that the base's chat format renders. */
public sealed interface Prompt {
    /** Taken verbatim; empty starts from BOS alone. */
    record Text(String text) implements Prompt {}

    /** Turns, and tools that may be called. */
    record Chat(Conversation conversation) implements Prompt {}
}
