package io.livegraft.actors.registry;

import java.time.Clock;
import java.util.OptionalInt;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.cluster.sharding.typed.ShardingEnvelope;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.cluster.sharding.typed.javadsl.Entity;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityTypeKey;

/**
 * Registries dealt out over the nodes: each is on one node, and on another one soon after that node is gone. Nothing relies on
 * there being only one at a time: the journal takes each revision of a tenant once, so of two that decide only one is believed,
 * and the other starts again from what is there.
 */
final class ShardedRegistries implements Registries {
    private static final EntityTypeKey<AdapterRegistry.Command> TENANT =
            EntityTypeKey.create(AdapterRegistry.Command.class, "registry");
    private static final EntityTypeKey<PartitionAssignments.Command> PARTITION =
            EntityTypeKey.create(PartitionAssignments.Command.class, "partition");

    private final ActorRef<ShardingEnvelope<AdapterRegistry.Command>> tenants;
    private final ActorRef<ShardingEnvelope<PartitionAssignments.Command>> partitions;

    private ShardedRegistries(
            ActorRef<ShardingEnvelope<AdapterRegistry.Command>> tenants,
            ActorRef<ShardingEnvelope<PartitionAssignments.Command>> partitions) {
        this.tenants = tenants;
        this.partitions = partitions;
    }

    static ShardedRegistries start(ActorSystem<?> system, AdapterRegistry.Environment environment) {
        ClusterSharding sharding = ClusterSharding.get(system);
        Clock clock = environment.clock();
        return new ShardedRegistries(
                sharding.init(Entity.of(TENANT, context -> AdapterRegistry.create(context.getEntityId(), environment))
                        .withStopMessage(new AdapterRegistry.Passivate())),
                sharding.init(Entity.of(PARTITION, context -> PartitionAssignments.create(context.getEntityId(), clock))
                        .withStopMessage(new PartitionAssignments.Passivate())));
    }

    @Override
    public void tell(String tenant, AdapterRegistry.Command command) {
        tenants.tell(new ShardingEnvelope<>(tenant, command));
    }

    @Override
    public void take(String topic, int partition, PartitionAssignments.Take take) {
        partitions.tell(new ShardingEnvelope<>(PartitionAssignments.id(topic, partition), take));
    }

    @Override
    public void sweep() {
        // the cluster does
    }

    @Override
    public void stopped(String tenant) {
        throw new IllegalStateException("the registry of %s is the cluster's".formatted(tenant));
    }

    @Override
    public OptionalInt awake() {
        return OptionalInt.empty();
    }
}
