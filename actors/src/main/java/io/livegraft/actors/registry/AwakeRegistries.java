package io.livegraft.actors.registry;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalInt;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.ActorContext;

/**
 * The registries of this process that are awake. One wakes with the first command for its tenant; it is stopped when it was
 * idle for a while, or when others need its place; what comes while it stops waits for its next life.
 */
final class AwakeRegistries implements Registries {
    private static final class Awake {
        private final ActorRef<AdapterRegistry.Command> registry;
        private final Deque<AdapterRegistry.Command> waiting = new ArrayDeque<>();
        private long lastUseNanos = System.nanoTime();
        private boolean stopping;

        private Awake(ActorRef<AdapterRegistry.Command> registry) {
            this.registry = registry;
        }
    }

    private final ActorContext<RegistryGuardian.Command> context;
    private final AdapterRegistry.Environment environment;
    private final int most;
    private final Duration idle;
    /** The one used least recently first. */
    private final Map<String, Awake> awake = new LinkedHashMap<>(16, 0.75f, true);

    private final Map<String, ActorRef<PartitionAssignments.Command>> partitions = new HashMap<>();

    private long lives;

    AwakeRegistries(ActorContext<RegistryGuardian.Command> context, AdapterRegistry.Environment environment) {
        this.context = context;
        this.environment = environment;
        this.most = environment.settings().active();
        this.idle = environment.settings().idle();
    }

    @Override
    public void tell(String tenant, AdapterRegistry.Command command) {
        Awake one = awake.computeIfAbsent(tenant, this::wake);
        one.lastUseNanos = System.nanoTime();
        if (one.stopping) {
            one.waiting.add(command);
        } else {
            one.registry.tell(command);
        }
    }

    @Override
    public void take(String topic, int partition, PartitionAssignments.Take take) {
        partitions
                .computeIfAbsent(
                        PartitionAssignments.id(topic, partition),
                        id -> context.spawn(
                                PartitionAssignments.create(id, environment.clock()),
                                "partition-%s-%d".formatted(topic, partition)))
                .tell(take);
    }

    /** Stops whoever was idle for too long, or is one too many. */
    @Override
    public void sweep() {
        long now = System.nanoTime();
        int surplus = awake.size() - most;
        Iterator<Awake> leastRecent = awake.values().iterator();
        while (leastRecent.hasNext()) {
            Awake one = leastRecent.next();
            if (surplus <= 0 && now - one.lastUseNanos < idle.toNanos()) {
                return;
            }
            surplus--;
            if (!one.stopping) {
                one.stopping = true;
                one.registry.tell(new AdapterRegistry.Passivate());
            }
        }
    }

    @Override
    public void stopped(String tenant) {
        Awake last = awake.remove(tenant);
        if (last != null) {
            last.waiting.forEach(command -> tell(tenant, command));
        }
    }

    @Override
    public OptionalInt awake() {
        return OptionalInt.of(awake.size());
    }

    private Awake wake(String tenant) {
        ActorRef<AdapterRegistry.Command> registry =
                context.spawn(AdapterRegistry.create(tenant, environment), "registry-%s-%d".formatted(tenant, ++lives));
        context.watchWith(registry, new RegistryGuardian.RegistryStopped(tenant));
        return new Awake(registry);
    }
}
