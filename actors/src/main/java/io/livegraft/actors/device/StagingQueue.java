package io.livegraft.actors.device;

import io.livegraft.gpu.backend.SlicedWork;
import io.livegraft.gpu.engine.StagedAdapter;
import io.livegraft.gpu.lora.LoraAdapter;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.LongSupplier;

/**
 * Adapters on their way to the device, one after the other. While answers are made each turn gives them as long as its own pass over
 * the base took, so that nobody waits more than twice as long for a token; else some milliseconds between messages.
 */
final class StagingQueue {
    private static final long ALONE_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    private record Coming(DeviceScheduler.Stage stage, SlicedWork<StagedAdapter> work) {}

    private final Function<LoraAdapter, SlicedWork<StagedAdapter>> staging;
    private final LongSupplier nanoTime;
    private final ArrayDeque<Coming> coming = new ArrayDeque<>();

    StagingQueue(Function<LoraAdapter, SlicedWork<StagedAdapter>> staging, LongSupplier nanoTime) {
        this.staging = staging;
        this.nanoTime = nanoTime;
    }

    void add(DeviceScheduler.Stage stage) {
        try {
            coming.add(new Coming(stage, staging.apply(stage.adapter())));
        } catch (RuntimeException e) {
            stage.replyTo().tell(notStaged(stage, e));
        }
    }

    boolean isEmpty() {
        return coming.isEmpty();
    }

    /** Where nobody waits for a token. */
    void advance() {
        advance(ALONE_NANOS);
    }

    /** At least a slice, if there is one, and no more after so long. */
    void advance(long nanos) {
        long begun = nanoTime.getAsLong();
        boolean left = !coming.isEmpty();
        while (left) {
            slice(coming.element())
                    .ifPresent(reply -> coming.remove().stage().replyTo().tell(reply));
            left = !coming.isEmpty() && nanoTime.getAsLong() - begun < nanos;
        }
    }

    /** The reply, with the last one. */
    private static Optional<DeviceScheduler.StageReply> slice(Coming one) {
        try {
            return one.work().advance()
                    ? Optional.of(new DeviceScheduler.Staged(
                            one.stage().label(), one.work().result()))
                    : Optional.empty();
        } catch (RuntimeException e) {
            return Optional.of(notStaged(one.stage(), e));
        }
    }

    private static DeviceScheduler.NotStaged notStaged(DeviceScheduler.Stage stage, RuntimeException e) {
        return new DeviceScheduler.NotStaged(
                stage.label(), DeviceScheduler.failure("staging adapter " + stage.label(), e));
    }
}
