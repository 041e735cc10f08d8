package io.livegraft.actors.bench;

import io.livegraft.actors.batching.Refusal;
import io.livegraft.actors.device.Asker;
import io.livegraft.actors.device.DeviceScheduler;
import io.livegraft.actors.device.GenerationSink;
import io.livegraft.gpu.engine.CacheKey;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.generation.GenerationDelta;
import io.livegraft.gpu.generation.SamplingSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.BooleanSupplier;
import org.apache.pekko.actor.typed.ActorRef;

/** Asks for one answer after another and notes when each token came. Told on the device's thread. */
final class EndlessStream implements GenerationSink, Asker {
    private final ActorRef<DeviceScheduler.Command> device;
    private final int[] prompt;
    private final SamplingSettings sampling;
    private final BooleanSupplier open;
    private final List<Long> betweenNanos = new ArrayList<>();
    private int tokens;
    private OptionalLong lastNanos = OptionalLong.empty();

    EndlessStream(
            ActorRef<DeviceScheduler.Command> device, int[] prompt, SamplingSettings sampling, BooleanSupplier open) {
        this.device = device;
        this.prompt = prompt;
        this.sampling = sampling;
        this.open = open;
    }

    void ask() {
        lastNanos = OptionalLong.empty();
        device.tell(new DeviceScheduler.Generate(
                new CacheKey("", "bench"),
                prompt,
                Optional.empty(),
                OptionalLong.empty(),
                List.of(new DeviceScheduler.Choice(sampling, this)),
                this));
    }

    /** Once the device has ended. */
    List<Long> betweenNanos() {
        return betweenNanos;
    }

    int tokens() {
        return tokens;
    }

    @Override
    public boolean open() {
        return open.getAsBoolean();
    }

    @Override
    public void onDelta(GenerationDelta delta) {
        long now = System.nanoTime();
        lastNanos.ifPresent(last -> betweenNanos.add(now - last));
        lastNanos = OptionalLong.of(now);
        tokens++;
    }

    @Override
    public void onComplete() {
        ask();
    }

    @Override
    public void onFailure(LivegraftException failure) {
        if (open()) {
            throw failure;
        }
    }

    @Override
    public void onCancelled() {
        // the measurement is over
    }

    @Override
    public void onTaken() {
        // its tokens come to the same object
    }

    @Override
    public void onRefused(Refusal refusal) {
        throw new IllegalStateException(refusal.message());
    }
}
