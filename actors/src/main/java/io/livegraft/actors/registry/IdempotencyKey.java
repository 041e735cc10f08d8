package io.livegraft.actors.registry;

/**
 * Names one change, so that asking for it again does not do it again.
 *
 * @param key chosen by the client
 * @param fingerprint of everything that the change was asked with
 */
public record IdempotencyKey(String key, String fingerprint) {}
