package io.livegraft.actors.registry;

import java.util.OptionalInt;

/** One {@link AdapterRegistry} for each tenant and one {@link PartitionAssignments} for each partition, wherever they are. */
interface Registries {
    void tell(String tenant, AdapterRegistry.Command command);

    void take(String topic, int partition, PartitionAssignments.Take take);

    /** Puts to sleep what was idle; called again and again. */
    void sweep();

    /** A registry of this process has ended. */
    void stopped(String tenant);

    /** Tenants' registries in memory; empty where other processes have some of them. */
    OptionalInt awake();
}
