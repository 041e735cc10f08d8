package io.livegraft.actors.node;

import java.util.OptionalInt;

/**
 * Who changes something, why and on what condition.
 *
 * @param expectedServing refuse with CONFLICT unless this version serves (If-Match)
 * @param dryRun answer as if, change nothing
 */
public record AdminAction(String principal, String reason, OptionalInt expectedServing, boolean dryRun) {}
