package io.livegraft.actors.device;

import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.generation.GenerationDelta;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Keeps what it is told; hangs up after so many tokens. */
final class CollectingSink implements GenerationSink {
    final CompletableFuture<List<GenerationDelta>> answer = new CompletableFuture<>();
    final CompletableFuture<Boolean> cancelled = new CompletableFuture<>();
    private final int patience;
    private final List<GenerationDelta> deltas = new ArrayList<>();

    CollectingSink(int patience) {
        this.patience = patience;
    }

    @Override
    public boolean open() {
        return deltas.size() < patience;
    }

    @Override
    public void onDelta(GenerationDelta delta) {
        deltas.add(delta);
    }

    @Override
    public void onComplete() {
        answer.complete(List.copyOf(deltas));
    }

    @Override
    public void onFailure(LivegraftException failure) {
        answer.completeExceptionally(failure);
    }

    @Override
    public void onCancelled() {
        cancelled.complete(true);
    }
}
