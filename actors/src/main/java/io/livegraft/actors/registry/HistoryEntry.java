package io.livegraft.actors.registry;

import java.time.Instant;

/**
 * One accepted decision.
 *
 * @param action publish, rollback, hold, resume, promote or refuse
 * @param serving the version that serves after it
 */
public record HistoryEntry(Instant at, String action, int serving, String principal, String reason) {}
