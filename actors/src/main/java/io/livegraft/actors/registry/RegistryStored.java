package io.livegraft.actors.registry;

/** Marks what the registry persists; bound to jackson-cbor. */
public interface RegistryStored {}
