package io.livegraft.actors.registry;

import io.livegraft.actors.checkpoint.ArtifactStore;
import java.io.IOException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One {@link AdapterRegistry} for each known tenant; finds all of them when it starts, keeps their latest images at hand and
 * deletes the files of versions that are no longer retained.
 */
public final class RegistryGuardian extends AbstractBehavior<RegistryGuardian.Command> {
    private static final Logger LOG = LoggerFactory.getLogger(RegistryGuardian.class);

    public sealed interface Command {}

    /**
     * Makes a tenant known: it has valid feedback.
     *
     * @param epoch of the assignment of its partition
     */
    public record Register(String tenant, long epoch) implements Command {}

    /**
     * Takes a partition of the feedback topic, because it was assigned to this node; {@code replyTo} is told the epoch of the
     * assignment.
     */
    public record TakePartition(String topic, int partition, ActorRef<Long> replyTo) implements Command {}

    /** Hands a command to a known tenant's registry; MODEL_NOT_FOUND to its sender otherwise. */
    public record ForTenant(String tenant, AdapterRegistry.Command command) implements Command {}

    public record GetImages(ActorRef<Images> replyTo) implements Command {}

    /**
     * The latest images, by tenant.
     *
     * @param complete whether all tenants known at the start have been read back
     */
    public record Images(List<AdapterImage> images, boolean complete) {}

    private record Found(List<String> tenants) implements Command {}

    private record SearchFailed(Throwable cause) implements Command {}

    private record Updated(AdapterImage image) implements Command {}

    public record Environment(AdapterRegistry.Environment registry, ArtifactStore artifacts, String nodeId) {}

    /** The files of an offer that was refused are of no use to anybody. */
    private record Discard(AdapterImage image, String digest) implements Command {}

    private final Environment environment;
    private final Executor blocking;
    private final Map<String, ActorRef<AdapterRegistry.Command>> registries = new HashMap<>();
    private final Map<String, ActorRef<PartitionAssignments.Take>> partitions = new HashMap<>();
    private final Map<String, AdapterImage> images = new TreeMap<>();
    private final Set<String> recovering = new HashSet<>();
    private boolean found;

    private RegistryGuardian(
            ActorContext<Command> context, Environment environment, CompletionStage<List<String>> knownTenants) {
        super(context);
        this.environment = environment;
        this.blocking = context.getSystem().dispatchers().lookup(DispatcherSelector.blocking());
        context.pipeToSelf(
                knownTenants, (tenants, failure) -> failure == null ? new Found(tenants) : new SearchFailed(failure));
    }

    /** Starts with the tenants that have a registry already. */
    public static Behavior<Command> create(Environment environment, CompletionStage<List<String>> knownTenants) {
        return Behaviors.setup(context -> new RegistryGuardian(context, environment, knownTenants));
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder().onAnyMessage(this::onCommand).build();
    }

    private Behavior<Command> onCommand(Command command) {
        switch (command) {
            case Register register -> onRegister(register);
            case TakePartition take -> onTakePartition(take);
            case ForTenant forTenant -> onForTenant(forTenant);
            case GetImages get ->
                get.replyTo().tell(new Images(List.copyOf(images.values()), found && recovering.isEmpty()));
            case Found known -> onFound(known.tenants());
            case SearchFailed failed ->
                throw new IllegalStateException("the registry's tenants can't be listed", failed.cause());
            case Updated updated -> onUpdated(updated.image());
            case Discard discard -> {
                if (!retained(discard.image(), discard.digest())) {
                    blocking.execute(() -> delete(discard.digest()));
                }
            }
        }
        return this;
    }

    private void onFound(List<String> tenants) {
        found = true;
        recovering.addAll(tenants);
        recovering.removeAll(images.keySet());
        tenants.forEach(this::registry);
    }

    private void onRegister(Register register) {
        registry(register.tenant())
                .tell(new AdapterRegistry.Register(
                        register.epoch(), getContext().getSystem().ignoreRef()));
    }

    private void onTakePartition(TakePartition take) {
        partitions
                .computeIfAbsent(take.topic() + "-" + take.partition(), name -> getContext()
                        .spawn(
                                PartitionAssignments.create(
                                        take.topic(),
                                        take.partition(),
                                        environment.registry().clock()),
                                "partition-" + name))
                .tell(new PartitionAssignments.Take(environment.nodeId(), take.replyTo()));
    }

    private void onForTenant(ForTenant forTenant) {
        ActorRef<AdapterRegistry.Command> registry = registries.get(forTenant.tenant());
        if (registry == null) {
            forTenant
                    .command()
                    .replyTo()
                    .tell(new AdapterRegistry.Refused(
                            RefusalReason.TENANT_UNKNOWN, "no tenant '%s'".formatted(forTenant.tenant())));
        } else {
            registry.tell(forTenant.command());
        }
    }

    private void onUpdated(AdapterImage image) {
        recovering.remove(image.tenant());
        AdapterImage before = images.put(image.tenant(), image);
        if (before != null) {
            before.versions().stream()
                    .filter(version -> !retained(image, version.digest()))
                    .forEach(version -> blocking.execute(() -> delete(version.digest())));
        }
    }

    /** Two versions may have the same bits, and so the same files. */
    private static boolean retained(AdapterImage image, String digest) {
        return image.versions().stream().anyMatch(version -> version.digest().equals(digest));
    }

    private void delete(String digest) {
        try {
            environment.artifacts().delete(digest);
        } catch (IOException e) {
            LOG.warn("the files of adapter {} can't be deleted", digest, e);
        }
    }

    private ActorRef<AdapterRegistry.Command> registry(String tenant) {
        return registries.computeIfAbsent(tenant, this::spawn);
    }

    private ActorRef<AdapterRegistry.Command> spawn(String tenant) {
        ActorRef<Command> self = getContext().getSelf();
        AdapterPublisher publisher = (delta, image, manifest) -> {
            self.tell(new Updated(image));
            if (delta instanceof AdapterDelta.Accepted(AdapterEvent.OfferRefused refused)) {
                self.tell(new Discard(image, refused.digest()));
            }
            environment.registry().publisher().onUpdate(delta, image, manifest);
        };
        return getContext()
                .spawn(AdapterRegistry.create(tenant, environment.registry().with(publisher)), "registry-" + tenant);
    }
}
