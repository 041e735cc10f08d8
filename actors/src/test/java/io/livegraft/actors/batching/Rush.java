package io.livegraft.actors.batching;

import io.livegraft.actors.batching.SimulatedDevice.Generated;
import io.livegraft.actors.batching.SimulatedDevice.Wish;
import io.livegraft.gpu.error.ErrorCode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;

/** More requests than a device can do, in waves; half of them want their answer within some time. One turn a millisecond. */
final class Rush {
    private static final int TURNS = 1200;
    private static final int WAVE = 400;
    private static final long TURN_NANOS = 1_000_000;

    /** @param wish of which the request is its place in this rush */
    record Arrival(int turn, Wish wish) {}

    /**
     * What became of a request.
     *
     * @param begunNanos when its first token was drawn
     */
    record Outcome(Optional<ErrorCode> refused, OptionalLong begunNanos) {}

    private final Policy policy;
    private final SimulatedDevice device;
    private final List<Outcome> outcomes = new ArrayList<>();
    private final Map<Generated, Integer> asked = new HashMap<>();
    private long nowNanos;

    private Rush(Policy policy, int pageTokens) {
        this.policy = policy;
        this.device = new SimulatedDevice(100_000, pageTokens);
    }

    static List<Arrival> arrivals(long seed) {
        Random random = new Random(seed);
        List<Arrival> arrivals = new ArrayList<>();
        for (int turn = 0; turn < TURNS; turn++) {
            double perTurn = turn % WAVE < WAVE / 2 ? 0.9 : 0.2;
            while (random.nextDouble() < perTurn / (1 + perTurn)) {
                OptionalLong deadline = random.nextBoolean()
                        ? OptionalLong.of((turn + 5 + random.nextInt(300)) * TURN_NANOS)
                        : OptionalLong.empty();
                arrivals.add(new Arrival(
                        turn,
                        new Wish(
                                arrivals.size(),
                                "t" + random.nextInt(3),
                                Collections.nCopies(1 + random.nextInt(8), 1),
                                1 + random.nextInt(20),
                                deadline)));
            }
        }
        return arrivals;
    }

    /** What becomes of each arrival. */
    static List<Outcome> outcomes(Policy policy, int pageTokens, List<Arrival> arrivals) {
        Rush rush = new Rush(policy, pageTokens);
        int next = 0;
        for (int turn = 0; turn < TURNS || !rush.asked.isEmpty(); turn++) {
            while (next < arrivals.size() && arrivals.get(next).turn() == turn) {
                rush.ask(arrivals.get(next++).wish());
            }
            rush.turn();
        }
        return rush.outcomes;
    }

    private void ask(Wish wish) {
        Generated one = device.generated(wish);
        Optional<Refusal> refusal = policy.arrived(List.of(one.answer()), nowNanos);
        outcomes.add(new Outcome(refusal.map(Refusal::code), OptionalLong.empty()));
        if (refusal.isEmpty()) {
            asked.put(one, wish.request());
        }
    }

    private void turn() {
        policy.late(nowNanos).forEach(this::end);
        boolean more = true;
        while (more) {
            more = switch (policy.next(device.free())) {
                case Effect.Admit<Generated>(Generated entering) -> {
                    policy.admitted(entering, entering);
                    yield true;
                }
                case Effect.Suspend<Generated> suspend -> throw new AssertionError("memory is plenty");
                case Effect.Advance<Generated>(List<Effect.Chunk<Generated>> batch) -> {
                    batch.forEach(this::advance);
                    yield false;
                }
                case Effect.Rest<Generated> rest -> false;
            };
        }
        nowNanos += TURN_NANOS;
    }

    private void advance(Effect.Chunk<Generated> chunk) {
        Generated one = chunk.key();
        if (one.advance(chunk.tokens())) {
            policy.drew(one);
            if (one.drawn().size() == 1) {
                outcomes.set(one.wish().request(), new Outcome(Optional.empty(), OptionalLong.of(nowNanos)));
            }
        }
        if (one.finished()) {
            end(one);
        }
    }

    private void end(Generated one) {
        one.suspend();
        asked.remove(one);
        policy.ended(one, nowNanos);
    }
}
