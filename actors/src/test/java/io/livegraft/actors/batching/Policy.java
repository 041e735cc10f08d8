package io.livegraft.actors.batching;

import io.livegraft.actors.batching.SimulatedDevice.Generated;
import java.util.List;
import java.util.Optional;

/** What a simulation asks: the core, or a mutant of it. */
class Policy {
    private final BatchingCore<Generated> core;

    Policy(BatchingSettings settings) {
        this.core = new BatchingCore<>(settings);
    }

    Optional<Refusal> arrived(List<Answer<Generated>> choices, long nowNanos) {
        return core.arrived(choices, nowNanos);
    }

    List<Generated> late(long nowNanos) {
        return core.late(nowNanos);
    }

    Effect<Generated> next(int freePages) {
        return core.next(freePages);
    }

    void admitted(Generated key, Sequence sequence) {
        core.admitted(key, sequence);
    }

    void drew(Generated key) {
        core.drew(key);
    }

    void ended(Generated key, long nowNanos) {
        core.ended(key, nowNanos);
    }

    int waiting() {
        return core.waiting();
    }

    int running() {
        return core.running();
    }
}
