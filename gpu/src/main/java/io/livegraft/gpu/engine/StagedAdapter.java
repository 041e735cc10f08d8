package io.livegraft.gpu.engine;

import io.livegraft.gpu.transformer.AdapterTensors;

/**
 * An adapter on the device, ready to serve, in the form that its products take. Closing it gives its memory back; generations that use
 * it must have ended, or their next step is an {@link IllegalStateException}.
 */
public final class StagedAdapter implements AutoCloseable {
    private final AdapterTensors tensors;
    private boolean closed;

    StagedAdapter(AdapterTensors tensors) {
        this.tensors = tensors;
    }

    AdapterTensors tensors() {
        if (closed) {
            throw new IllegalStateException("the adapter was released while a request still used it");
        }
        return tensors;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            tensors.close();
        }
    }
}
