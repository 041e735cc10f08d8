package io.livegraft.simulation.corpus;

/** One training record: a prompt in the chat format that ends with an open {@code Assistant:}, and its completion, which starts with a space. */
record Conversation(String domain, String intent, String style, String prompt, String completion) {}
