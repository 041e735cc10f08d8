package io.livegraft.actors.node;

import io.livegraft.actors.cluster.Follower;
import io.livegraft.actors.ingest.FeedbackConsumer;
import io.livegraft.actors.registry.RegistryGuardian;
import io.livegraft.actors.serving.ServingReplica;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Function;
import org.apache.pekko.actor.Cancellable;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.typed.Cluster;

/** Asks the parts again and again, so that a probe is answered at once and never waits for a part that hangs. */
final class PolledHealth implements NodeHealth, AutoCloseable {
    private static final Duration INTERVAL = Duration.ofMillis(200);
    private static final Duration ASK = Duration.ofSeconds(2);
    private static final String OK = "ok";
    private static final String REGISTRY = "registry";
    private static final String SERVING = "serving";
    private static final String INGEST = "ingest";
    private static final String NODE = "node";
    private static final String CLUSTER = "cluster";

    private final ActorSystem<?> system;
    private final NodeGuardian.Parts parts;
    private final ConcurrentMap<String, String> latest = new ConcurrentHashMap<>();
    private final Cancellable polling;

    PolledHealth(ActorSystem<?> system, NodeGuardian.Parts parts) {
        this.system = system;
        this.parts = parts;
        latest.put(NODE, OK);
        latest.put(REGISTRY, "starting");
        latest.put(SERVING, "starting");
        latest.put(INGEST, "starting");
        parts.follower().ifPresent(follower -> latest.put(CLUSTER, "starting"));
        this.polling = system.scheduler()
                .scheduleWithFixedDelay(Duration.ZERO, INTERVAL, this::poll, system.executionContext());
    }

    @Override
    public boolean ready() {
        return latest.values().stream().allMatch(OK::equals);
    }

    @Override
    public SequencedMap<String, String> checks() {
        SequencedMap<String, String> checks = new LinkedHashMap<>();
        for (String name : new String[] {NODE, CLUSTER, REGISTRY, SERVING, INGEST}) {
            Optional.ofNullable(latest.get(name)).ifPresent(state -> checks.put(name, state));
        }
        return checks;
    }

    @Override
    public void close() {
        polling.cancel();
        latest.put(NODE, "stopping");
    }

    private void poll() {
        record(
                REGISTRY,
                AskPattern.ask(parts.registry(), RegistryGuardian.GetHealth::new, ASK, system.scheduler()),
                health -> health.ready() ? OK : "bringing the list of tenants up to date");
        record(
                SERVING,
                AskPattern.ask(parts.serving(), ServingReplica.GetHealth::new, ASK, system.scheduler()),
                health -> health.problems().isEmpty() ? OK : String.join("; ", health.problems()));
        record(
                INGEST,
                AskPattern.ask(parts.ingest(), FeedbackConsumer.GetReading::new, ASK, system.scheduler()),
                reading -> reading ? OK : "not yet a member of the consumer group");
        parts.follower()
                .ifPresent(follower -> record(
                        CLUSTER,
                        AskPattern.ask(follower, Follower.GetFollowing::new, ASK, system.scheduler()),
                        this::membership));
    }

    private String membership(boolean following) {
        MemberStatus status = Cluster.get(system).selfMember().status();
        if (!status.equals(MemberStatus.up())) {
            return "member status is " + status;
        }
        return following ? OK : "what other nodes decide can't be compared with the registry's journal";
    }

    @SuppressWarnings("FutureReturnValueIgnored") // ends in the map
    private <T> void record(String name, CompletionStage<T> answer, Function<T, String> check) {
        answer.whenComplete((value, failure) ->
                latest.put(name, failure == null ? check.apply(value) : "does not answer: " + failure.getMessage()));
    }
}
