package io.livegraft.actors.registry;

/**
 * What the journal holds: a decision, and where it left the tenant, so that whoever reads along needs nothing else.
 *
 * @param standing after the event
 */
record RecordedEvent(AdapterEvent event, Standing standing) implements RegistryStored {}
