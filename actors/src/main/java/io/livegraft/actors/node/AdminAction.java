package io.livegraft.actors.node;

import io.livegraft.actors.registry.IdempotencyKey;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Who changes something, why and on what condition.
 *
 * @param expectedServing refuse with CONFLICT unless this version serves (If-Match)
 * @param dryRun answer as if, change nothing
 * @param key the same key again is answered as before, without doing it again
 */
public record AdminAction(
        String principal, String reason, OptionalInt expectedServing, boolean dryRun, Optional<IdempotencyKey> key) {}
