package io.livegraft.actors.serving;

import io.livegraft.actors.batching.Refusal;
import io.livegraft.actors.device.Asker;
import io.livegraft.actors.device.DeviceScheduler;
import io.livegraft.gpu.engine.CacheKey;
import io.livegraft.gpu.engine.StagedAdapter;
import io.livegraft.gpu.generation.GenerationDelta;
import io.livegraft.gpu.generation.SamplingSettings;
import java.util.List;
import java.util.Optional;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.BoundedSourceQueue;
import org.apache.pekko.stream.javadsl.Source;

/** Hands a request whose version is settled to the device: from here on that version makes all of its answers (law 2). */
final class Admission {
    /** Called on the device's thread. */
    interface Listener {
        void onFirstToken(String tenant, int version, long nowMillis);

        /** Once for each answer, whatever its end. */
        void onEnded(Optional<AdapterSlots.Key> key);
    }

    /** One answer: what the device is told, and where its tokens come out. */
    private record Choice(DeviceScheduler.Choice wanted, Source<GenerationDelta, NotUsed> deltas) {}

    private final ServingReplica.Environment environment;
    private final ActorSystem<?> system;
    private final Listener listener;

    Admission(ServingReplica.Environment environment, ActorSystem<?> system, Listener listener) {
        this.environment = environment;
        this.system = system;
        this.listener = listener;
    }

    /** The device answers the request's sender, with streams or a refusal. */
    void admit(ServingReplica.Generate request, Target target, Optional<StagedAdapter> adapter) {
        List<Choice> choices = request.choices().stream()
                .map(sampling -> choice(sampling, target))
                .toList();
        environment
                .device()
                .tell(new DeviceScheduler.Generate(
                        new CacheKey(target.tenant().orElse(""), digest(target)),
                        request.prompt(),
                        adapter,
                        request.deadlineNanos(),
                        choices.stream().map(Choice::wanted).toList(),
                        asker(request, target, choices)));
    }

    private Asker asker(ServingReplica.Generate request, Target target, List<Choice> choices) {
        ServingReplica.Admitted admitted = new ServingReplica.Admitted(
                target.tenant(),
                target.number(),
                digest(target),
                request.prompt().length,
                choices.stream().map(Choice::deltas).toList());
        return new Asker() {
            @Override
            public void onTaken() {
                request.replyTo().tell(admitted);
            }

            @Override
            public void onRefused(Refusal refusal) {
                request.replyTo()
                        .tell(new ServingReplica.Refused(refusal.code(), refusal.message(), refusal.retryAfter()));
                choices.forEach(_ -> listener.onEnded(target.key()));
            }
        };
    }

    private String digest(Target target) {
        return target.digest().orElse(environment.baseDigest());
    }

    private Choice choice(SamplingSettings sampling, Target target) {
        Pair<BoundedSourceQueue<GenerationDelta>, Source<GenerationDelta, NotUsed>> stream =
                Source.<GenerationDelta>queue(sampling.maxTokens() + 1).preMaterialize(system);
        TokenStream sink = new TokenStream(stream.first(), environment.metrics(), tokens(target));
        return new Choice(new DeviceScheduler.Choice(sampling, sink), stream.second());
    }

    private TokenStream.Listener tokens(Target target) {
        return new TokenStream.Listener() {
            @Override
            public void onFirstToken() {
                target.tenant()
                        .ifPresent(tenant -> listener.onFirstToken(
                                tenant, target.number(), environment.clock().millis()));
            }

            @Override
            public void onEnded() {
                listener.onEnded(target.key());
            }
        };
    }
}
