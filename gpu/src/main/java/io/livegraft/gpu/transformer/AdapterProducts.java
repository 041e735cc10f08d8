package io.livegraft.gpu.transformer;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.LowRankRows;
import io.livegraft.gpu.backend.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * What adapters add to linear layers that read the same rows: every segment its own.
 *
 * <pre>{@code
 *   y += s·(x̃·Aᵀ)·Bᵀ      x̃ = dropout(x), or x where nothing is dropped
 *   x (N,in)   y (N,out)   A (r,in)   B (out,r)
 * }</pre>
 *
 * {@link AdapterGradients} is the way back.
 */
final class AdapterProducts {
    private final Backend backend;

    AdapterProducts(Backend backend) {
        this.backend = backend;
    }

    /** What a run's rows of layers {@code kinds}, which read x, get. */
    List<LowRankRows> parts(Tensor x, int layer, List<LinearKind> kinds, Batch batch, Batch.Run run) {
        List<LowRankRows> parts = new ArrayList<>();
        for (AdaptedRows rows : batch.adapted()) {
            if (rows.start() >= run.start() && rows.start() < run.start() + run.count()) {
                parts.addAll(rows.parts(backend, x, layer, kinds, run.start()));
            }
        }
        return parts;
    }
}
