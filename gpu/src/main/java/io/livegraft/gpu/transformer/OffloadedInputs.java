package io.livegraft.gpu.transformer;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.Offloadable;
import io.livegraft.gpu.backend.Tensor;

/** Inputs of all blocks (N,C), out of the device's memory from a block's forward pass to its backward pass. */
final class OffloadedInputs {
    private final Backend backend;
    private final Tensor all;
    private final int rows;

    /** They lie in the workspace in use. */
    OffloadedInputs(Backend backend, int layers, int rows, int columns) {
        this.backend = backend;
        this.all = backend.allocateUnset(Offloadable.CHECKPOINTS, Math.multiplyExact(layers, rows), columns);
        this.rows = rows;
    }

    void keep(int layer, Tensor x) {
        backend.copy(of(layer), x);
    }

    void restore(Tensor x, int layer) {
        backend.copy(x, of(layer));
    }

    private Tensor of(int layer) {
        return backend.rows(all, layer * rows, rows);
    }
}
