package io.livegraft.actors.registry;

/** Marks what is told to a registry, or by it, that may be on another node; bound to jackson-cbor. */
public interface RegistryMessage {}
