package io.livegraft.actors.registry;

import java.time.Instant;

/**
 * One accepted decision.
 *
 * @param number from 1, without gaps
 * @param action publish, rollback, hold, resume, promote, refuse, reset or forget
 * @param serving the version that serves after it
 * @param principal who decided
 */
public record HistoryEntry(long number, Instant at, String action, int serving, String principal, String reason) {}
