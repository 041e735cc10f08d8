package io.livegraft.gpu.transformer;

import io.livegraft.gpu.backend.Arithmetic;
import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.LinearWeight;
import io.livegraft.gpu.backend.LowRankGradient;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.transformer.AdapterTensors.Pair;
import io.livegraft.gpu.transformer.AdapterTensors.Trained;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The backward pass of {@link AdapterProducts}, of adapters in training: {@link LowRankGradient} with x̃ for x, and dx by way of the
 * mask where something was dropped. Gradients of adapters are summed segment by segment, in order.
 */
final class AdapterGradients {
    private final Backend backend;
    private final Arithmetic arithmetic;

    AdapterGradients(Backend backend, Arithmetic arithmetic) {
        this.backend = backend;
        this.arithmetic = arithmetic;
    }

    /** @param dropped what is left to do behind the parts */
    private record Parts(List<LowRankGradient> parts, List<Runnable> dropped) {}

    /** Adds to dx and to the adapters' gradients. */
    void add(Tensor dx, List<Tensor> dys, Tensor x, int layer, List<LinearKind> kinds, Batch batch) {
        Parts parts = parts(dx, dys, x, layer, kinds, batch);
        if (!parts.parts().isEmpty()) {
            backend.lowRankBackward(parts.parts(), arithmetic);
            parts.dropped().forEach(Runnable::run);
        }
    }

    /** As above, once frozen weights {@code ws} have set dx. */
    void add(
            Tensor dx,
            List<Tensor> dys,
            List<LinearWeight> ws,
            Tensor x,
            int layer,
            List<LinearKind> kinds,
            Batch batch) {
        Parts parts = parts(dx, dys, x, layer, kinds, batch);
        backend.linearBackward(dx, dys, ws, parts.parts(), arithmetic);
        parts.dropped().forEach(Runnable::run);
    }

    private Parts parts(Tensor dx, List<Tensor> dys, Tensor x, int layer, List<LinearKind> kinds, Batch batch) {
        List<LowRankGradient> parts = new ArrayList<>();
        List<Runnable> dropped = new ArrayList<>();
        for (AdaptedRows segment : AdaptedRows.segments(batch)) {
            Tensor rows = segment.of(backend, dx);
            for (int i = 0; i < kinds.size(); i++) {
                LinearKind kind = kinds.get(i);
                Optional<Pair> pair = segment.adapter().pair(layer, kind);
                if (pair.isPresent()) {
                    Tensor into = upstream(rows, segment, layer, kind, dropped);
                    Tensor input = segment.input(backend, x, layer, kind);
                    parts.add(part(pair.get(), into, segment.of(backend, dys.get(i)), input));
                }
            }
        }
        return new Parts(parts, dropped);
    }

    private static LowRankGradient part(Pair pair, Tensor dx, Tensor dy, Tensor x) {
        Trained trained = pair.trained()
                .orElseThrow(() -> new IllegalStateException("an adapter that is only read has no backward pass"));
        return new LowRankGradient(
                dx,
                dy,
                x,
                trained.a(),
                trained.b(),
                trained.aGradient(),
                trained.bGradient(),
                pair.factors().scaling());
    }

    /** Where dh·A is added: dx's own rows, or a tensor that passes the mask afterwards. */
    private Tensor upstream(Tensor rows, AdaptedRows segment, int layer, LinearKind kind, List<Runnable> dropped) {
        return segment.mask(layer, kind)
                .map(mask -> {
                    Tensor dKept = backend.allocate(rows.rows(), rows.columns());
                    dropped.add(() -> backend.dropoutBackward(rows, dKept, mask));
                    return dKept;
                })
                .orElse(rows);
    }
}
