package io.livegraft.gpu.tokenizer;

/** One turn of a conversation; {@code role} is system, user or assistant. */
public record ChatMessage(String role, String content) {}
