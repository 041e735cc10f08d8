package io.livegraft.actors.device;

import io.livegraft.actors.batching.BatchingCore;
import io.livegraft.actors.batching.BatchingSettings;
import io.livegraft.actors.batching.Effect;
import io.livegraft.actors.batching.Refusal;
import io.livegraft.actors.batching.TenantClasses;
import io.livegraft.actors.metrics.Metrics;
import io.livegraft.gpu.engine.Advance;
import io.livegraft.gpu.engine.Engine;
import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.generation.GenerationDelta;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/** The answers of a device: does on the engine what the core decides, and tells the sinks. */
final class Generations {
    private final Engine engine;
    private final BatchingCore<Asked> core;
    private final TenantClasses classes;
    private final LongSupplier nanoTime;
    private final Metrics metrics;
    /** All that the core has, in the order in which they came. */
    private final Set<Asked> asked = new LinkedHashSet<>();

    Generations(Engine engine, BatchingSettings settings, LongSupplier nanoTime, Metrics metrics) {
        this.engine = engine;
        this.classes = settings.tenants().classes();
        this.core = new BatchingCore<>(settings);
        this.nanoTime = nanoTime;
        this.metrics = metrics;
    }

    int waiting() {
        return core.waiting();
    }

    int running() {
        return core.running();
    }

    boolean isEmpty() {
        return asked.isEmpty();
    }

    void ask(DeviceScheduler.Generate request) {
        long now = nanoTime.getAsLong();
        List<Asked> choices = request.choices().stream()
                .map(each -> new Asked(request, each, engine, now))
                .toList();
        Optional<Refusal> refusal =
                core.arrived(choices.stream().map(Asked::answer).toList(), now);
        if (refusal.isEmpty()) {
            asked.addAll(choices);
            request.asker().onTaken();
        } else {
            metrics.requestRefused(refusal.get().code());
            request.asker().onRefused(refusal.get());
        }
    }

    /** One pass over the base, and what comes before it. Whether something was computed. */
    boolean turn() {
        endUnwanted();
        while (true) {
            switch (core.next(engine.freePages())) {
                case Effect.Admit<Asked>(Asked entering) -> admit(entering);
                case Effect.Suspend<Asked>(Asked youngest) -> suspend(youngest);
                case Effect.Advance<Asked>(List<Effect.Chunk<Asked>> batch) -> {
                    advance(batch);
                    return true;
                }
                case Effect.Rest<Asked> rest -> {
                    return false;
                }
            }
        }
    }

    void failAll(LivegraftException failure) {
        List.copyOf(asked).forEach(each -> end(each, sink -> sink.onFailure(failure)));
    }

    private void endUnwanted() {
        asked.stream()
                .filter(each -> !each.sink().open())
                .toList()
                .forEach(each -> end(each, GenerationSink::onCancelled));
        LivegraftException late =
                new LivegraftException(ErrorCode.DEADLINE_EXCEEDED, "the answer was not done in the time it was given");
        core.late(nanoTime.getAsLong()).forEach(each -> end(each, sink -> sink.onFailure(late)));
    }

    private void admit(Asked entering) {
        try {
            entering.admit();
            core.admitted(entering, entering);
            metrics.admitted(tenantClass(entering), entering.request().prompt().length);
            metrics.queued((nanoTime.getAsLong() - entering.nanos()) / 1e9);
        } catch (RuntimeException e) {
            LivegraftException failure = DeviceScheduler.failure("admitting a request", e);
            end(entering, sink -> sink.onFailure(failure));
        }
    }

    private void suspend(Asked youngest) {
        youngest.generation().suspend();
        metrics.suspended();
    }

    private void advance(List<Effect.Chunk<Asked>> batch) {
        List<Optional<GenerationDelta>> deltas;
        try {
            deltas = engine.advance(batch.stream()
                    .map(chunk -> new Advance(chunk.key().generation(), chunk.tokens()))
                    .toList());
        } catch (RuntimeException e) {
            LivegraftException failure = DeviceScheduler.failure("a pass over the base", e);
            batch.forEach(chunk -> end(chunk.key(), sink -> sink.onFailure(failure)));
            return;
        }
        for (int i = 0; i < deltas.size(); i++) {
            Asked one = batch.get(i).key();
            deltas.get(i).ifPresent(delta -> drew(one, delta));
        }
    }

    private void drew(Asked one, GenerationDelta delta) {
        one.sink().onDelta(delta);
        if (delta.drawn()) {
            metrics.generated(tenantClass(one));
            core.drew(one);
        }
        if (one.generation().finished()) {
            end(one, GenerationSink::onComplete);
        }
    }

    private String tenantClass(Asked one) {
        return classes.of(one.request().owner().tenant()).name();
    }

    private void end(Asked one, Consumer<GenerationSink> tell) {
        one.close();
        asked.remove(one);
        core.ended(one, nanoTime.getAsLong());
        tell.accept(one.sink());
    }
}
