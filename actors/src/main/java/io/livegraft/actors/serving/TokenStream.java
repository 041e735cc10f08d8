package io.livegraft.actors.serving;

import io.livegraft.actors.device.GenerationSink;
import io.livegraft.actors.metrics.Metrics;
import io.livegraft.gpu.error.LivegraftException;
import io.livegraft.gpu.generation.GenerationDelta;
import org.apache.pekko.stream.BoundedSourceQueue;

/**
 * Carries one answer's tokens from the device's thread to its stream. The queue has room for the whole answer, so a slow
 * client never makes the device wait.
 */
final class TokenStream implements GenerationSink {
    /** What the replica wants to know; called on the device's thread. */
    interface Listener {
        void onFirstToken();

        /** Once, whatever the end. */
        void onEnded();
    }

    private final BoundedSourceQueue<GenerationDelta> queue;
    private final Metrics metrics;
    private final Listener listener;
    private final long admittedNanos = System.nanoTime();
    private long lastTokenNanos;

    TokenStream(BoundedSourceQueue<GenerationDelta> queue, Metrics metrics, Listener listener) {
        this.queue = queue;
        this.metrics = metrics;
        this.listener = listener;
    }

    @Override
    public boolean open() {
        return !queue.isCompleted();
    }

    @Override
    public void onDelta(GenerationDelta delta) {
        queue.offer(delta);
        long now = System.nanoTime();
        if (lastTokenNanos == 0) {
            metrics.firstToken((now - admittedNanos) / 1e9);
            listener.onFirstToken();
        } else {
            metrics.nextToken((now - lastTokenNanos) / 1e9);
        }
        lastTokenNanos = now;
    }

    @Override
    public void onComplete() {
        queue.complete();
        end();
    }

    @Override
    public void onFailure(LivegraftException failure) {
        queue.fail(failure);
        end();
    }

    @Override
    public void onCancelled() {
        end();
    }

    private void end() {
        metrics.requestEnded((System.nanoTime() - admittedNanos) / 1e9);
        listener.onEnded();
    }
}
