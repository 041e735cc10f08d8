package io.livegraft.gpu.transformer;

import io.livegraft.gpu.backend.Arithmetic;
import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.LowRankRows;
import io.livegraft.gpu.backend.Phase;
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
    private final Arithmetic arithmetic;

    AdapterProducts(Backend backend, Arithmetic arithmetic) {
        this.backend = backend;
        this.arithmetic = arithmetic;
    }

    /** Adds to {@code ys}, one of each kind. */
    void forward(List<Tensor> ys, Tensor x, int layer, List<LinearKind> kinds, Batch batch) {
        for (Phase phase : Phase.values()) {
            List<LowRankRows> parts = new ArrayList<>();
            for (AdaptedRows rows : batch.adapted()) {
                if (rows.phase() == phase) {
                    parts.addAll(rows.parts(backend, x, layer, kinds));
                }
            }
            if (!parts.isEmpty()) {
                backend.lowRank(ys, parts, phase, arithmetic);
            }
        }
    }
}
