package io.livegraft.actors.registry;

/** One {@link AdapterRegistry} for each tenant, wherever it is. */
interface Registries {
    void tell(String tenant, AdapterRegistry.Command command);
}
