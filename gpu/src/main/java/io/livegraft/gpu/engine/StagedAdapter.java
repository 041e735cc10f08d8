package io.livegraft.gpu.engine;

import io.livegraft.gpu.lora.LoraAdapter;
import io.livegraft.gpu.transformer.AdapterTensors;

/**
 * An adapter on the device, ready to serve, in the form that its products take. Closing it gives its memory back; generations that use
 * it must have ended, or their next step is an {@link IllegalStateException}.
 */
public final class StagedAdapter implements AutoCloseable {
    /** Ranks are laid down in multiples of it. */
    private static final int RANKS = 16;

    private final AdapterTensors tensors;
    private boolean closed;

    StagedAdapter(AdapterTensors tensors) {
        this.tensors = tensors;
    }

    /**
     * What an adapter takes on the device at most, in bytes: its factors in bfloat16 and in bytes, or in float32. For layers whose
     * sizes are multiples of 32.
     */
    public static long mostBytes(LoraAdapter adapter) {
        int rank = adapter.config().rank();
        long padded = (long) Math.ceilDiv(rank, RANKS) * RANKS;
        return (long) Float.BYTES * adapter.values().length * padded / rank;
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
