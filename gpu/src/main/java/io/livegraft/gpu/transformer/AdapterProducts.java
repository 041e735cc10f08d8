package io.livegraft.gpu.transformer;

import io.livegraft.gpu.backend.Arithmetic;
import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.LowRankRows;
import io.livegraft.gpu.backend.Phase;
import io.livegraft.gpu.backend.Tensor;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

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

    /** What is added in each phase to {@code kinds}, which read x. */
    Map<Phase, List<LowRankRows>> parts(Tensor x, int layer, List<LinearKind> kinds, Batch batch) {
        Map<Phase, List<LowRankRows>> parts = new EnumMap<>(Phase.class);
        for (AdaptedRows rows : batch.adapted()) {
            parts.computeIfAbsent(rows.phase(), _ -> new ArrayList<>()).addAll(rows.parts(backend, x, layer, kinds));
        }
        return parts;
    }

    /** Adds to {@code ys}, one of each kind. */
    void forward(List<Tensor> ys, Map<Phase, List<LowRankRows>> parts) {
        parts.forEach((phase, some) -> {
            if (!some.isEmpty()) {
                backend.lowRank(ys, some, phase, arithmetic);
            }
        });
    }
}
