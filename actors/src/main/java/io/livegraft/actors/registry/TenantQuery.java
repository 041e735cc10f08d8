package io.livegraft.actors.registry;

import java.util.Optional;

/**
 * Which part of the list of tenants.
 *
 * @param prefix of their names; empty takes all
 * @param after the last name of the page before
 * @param limit rows at most
 */
public record TenantQuery(String prefix, Optional<String> after, int limit) {}
