package io.livegraft.actors.registry;

import java.time.Instant;

/**
 * A tenant in a list of all.
 *
 * @param updatedAt of its latest decision
 */
public record TenantRow(String tenant, Standing standing, Instant updatedAt) {}
