package io.livegraft.gateway.http;

/**
 * Bounds of the OpenAI routes.
 *
 * @param maxBodyBytes larger bodies are refused
 * @param maxTokens when a completion request names none
 * @param maxChatTokens when a chat request names none
 * @param maxChoices answers to one request
 * @param maxFeedbackBatch events in one post
 * @param maxPage models in one list, besides the base
 */
public record HttpLimits(
        long maxBodyBytes, int maxTokens, int maxChatTokens, int maxChoices, int maxFeedbackBatch, int maxPage) {}
