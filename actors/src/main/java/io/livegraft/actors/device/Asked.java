package io.livegraft.actors.device;

import io.livegraft.actors.batching.Answer;
import io.livegraft.actors.batching.Sequence;
import io.livegraft.gpu.engine.Engine;
import io.livegraft.gpu.engine.Generation;
import java.util.Optional;

/** One answer that was asked for, and once it is admitted the generation that makes it. */
final class Asked implements Sequence {
    private final DeviceScheduler.Generate request;
    private final DeviceScheduler.Choice choice;
    private final Engine engine;
    private final long nanos;
    private Optional<Generation> generation = Optional.empty();

    Asked(DeviceScheduler.Generate request, DeviceScheduler.Choice choice, Engine engine, long nanos) {
        this.request = request;
        this.choice = choice;
        this.engine = engine;
        this.nanos = nanos;
    }

    Answer<Asked> answer() {
        return new Answer<>(this, request.owner().tenant(), request.prompt().length, request.deadlineNanos());
    }

    DeviceScheduler.Generate request() {
        return request;
    }

    GenerationSink sink() {
        return choice.sink();
    }

    /** When it was asked for. */
    long nanos() {
        return nanos;
    }

    /** A refusal by the engine is a LivegraftException. */
    void admit() {
        generation = Optional.of(engine.admit(request.prompt(), choice.sampling(), request.adapter(), request.owner()));
    }

    Generation generation() {
        return generation.orElseThrow();
    }

    void close() {
        generation.ifPresent(Generation::close);
    }

    @Override
    public int pending() {
        return generation().pending();
    }

    @Override
    public int pagesFor(int tokens) {
        return engine.pagesFor(generation(), tokens);
    }
}
