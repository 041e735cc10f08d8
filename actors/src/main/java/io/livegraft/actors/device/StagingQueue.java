package io.livegraft.actors.device;

import io.livegraft.gpu.backend.SlicedWork;
import io.livegraft.gpu.engine.StagedAdapter;
import io.livegraft.gpu.lora.LoraAdapter;
import java.util.ArrayDeque;
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
            failed(stage, e);
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
        while (!coming.isEmpty()) {
            slice(coming.element());
            if (nanoTime.getAsLong() - begun >= nanos) {
                return;
            }
        }
    }

    private void slice(Coming one) {
        DeviceScheduler.Stage stage = one.stage();
        try {
            if (one.work().advance()) {
                coming.remove();
                stage.replyTo()
                        .tell(new DeviceScheduler.Staged(
                                stage.label(), one.work().result()));
            }
        } catch (RuntimeException e) {
            coming.remove();
            failed(stage, e);
        }
    }

    private static void failed(DeviceScheduler.Stage stage, RuntimeException e) {
        stage.replyTo()
                .tell(new DeviceScheduler.NotStaged(
                        stage.label(), DeviceScheduler.failure("staging adapter " + stage.label(), e)));
    }
}
