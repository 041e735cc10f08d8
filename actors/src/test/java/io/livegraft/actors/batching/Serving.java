package io.livegraft.actors.batching;

import io.livegraft.actors.batching.SimulatedDevice.Generated;
import io.livegraft.actors.batching.SimulatedDevice.Wish;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/** A policy on a device with memory enough, one turn a millisecond; counts what each tenant was served. */
final class Serving {
    private final Policy policy;
    private final SimulatedDevice device;
    private final List<Generated> asked = new ArrayList<>();
    private final Map<String, Double> served = new HashMap<>();
    long nowNanos;

    Serving(Policy policy, int pageTokens) {
        this.policy = policy;
        this.device = new SimulatedDevice(100_000, pageTokens);
    }

    Optional<Refusal> ask(String tenant, int promptTokens, int answerTokens) {
        return ask(tenant, promptTokens, answerTokens, OptionalLong.empty());
    }

    Optional<Refusal> ask(String tenant, int promptTokens, int answerTokens, OptionalLong deadlineNanos) {
        Generated one = device.generated(
                new Wish(0, tenant, Collections.nCopies(promptTokens, 1), answerTokens, deadlineNanos));
        Optional<Refusal> refusal = policy.arrived(List.of(one.answer()), nowNanos);
        if (refusal.isEmpty()) {
            asked.add(one);
        }
        return refusal;
    }

    /** Answers of a tenant that wait or run. */
    long there(String tenant) {
        return asked.stream()
                .filter(each -> each.wish().tenant().equals(tenant))
                .count();
    }

    /** A prompt's tokens once, an answer's twice. */
    double served(String tenant) {
        return served.getOrDefault(tenant, 0.0);
    }

    /** Whose answers were admitted. */
    List<String> turn() {
        List<String> admitted = new ArrayList<>();
        boolean more = true;
        while (more) {
            more = switch (policy.next(device.free())) {
                case Effect.Admit<Generated>(Generated entering) -> {
                    served.merge(entering.wish().tenant(), (double) entering.pending(), Double::sum);
                    policy.admitted(entering, entering);
                    yield admitted.add(entering.wish().tenant());
                }
                case Effect.Suspend<Generated> suspend -> throw new AssertionError("memory is plenty");
                case Effect.Advance<Generated>(List<Effect.Chunk<Generated>> batch) -> {
                    batch.forEach(this::advance);
                    yield false;
                }
                case Effect.Rest<Generated> rest -> false;
            };
        }
        nowNanos += 1_000_000;
        return admitted;
    }

    private void advance(Effect.Chunk<Generated> chunk) {
        Generated one = chunk.key();
        if (one.advance(chunk.tokens())) {
            served.merge(one.wish().tenant(), 2.0, Double::sum);
            policy.drew(one);
        }
        if (one.finished()) {
            one.suspend();
            asked.remove(one);
            policy.ended(one, nowNanos);
        }
    }
}
