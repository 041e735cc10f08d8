package io.livegraft.gpu.transformer;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.LinearWeight;
import io.livegraft.gpu.backend.LowRankRows;
import io.livegraft.gpu.backend.Phase;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.transformer.TransformerWeights.Vectors;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Linear layers with low-rank adapters (Hu et al., arXiv 2106.09685, equation 3), each segment with its own. Layers that read the
 * same rows can be asked for together.
 *
 * <pre>{@code
 *   y  = x·Wᵀ + b + the adapter's part        dx = dy·W + the adapter's part
 *   x (N,in)   y (N,out)   W (out,in)   b (1,out), where the family has one
 * }</pre>
 *
 * {@link BaseProducts} has W's part, {@link AdapterProducts} and {@link AdapterGradients} the adapter's. Gradients of adapters are summed segment by segment,
 * so that how examples were put together does not show in them.
 */
final class LinearLayers {
    private final Backend backend;
    private final TransformerWeights weights;
    private final BaseProducts base;
    private final AdapterProducts adapters;
    private final AdapterGradients gradients;

    LinearLayers(Backend backend, TransformerWeights weights) {
        this.backend = backend;
        this.weights = weights;
        this.base = new BaseProducts(backend);
        this.adapters = new AdapterProducts(backend);
        this.gradients = new AdapterGradients(backend, weights.arithmetic());
    }

    Tensor forward(Tensor x, int layer, LinearKind kind, Batch batch) {
        return forward(x, layer, List.of(kind), batch).getFirst();
    }

    /** Into {@code y}. */
    void forward(Tensor y, Tensor x, int layer, LinearKind kind, Batch batch) {
        forward(List.of(y), x, layer, List.of(kind), batch);
    }

    /** Outputs of several kinds over the same rows, in their order. */
    List<Tensor> forward(Tensor x, int layer, List<LinearKind> kinds, Batch batch) {
        List<Tensor> ys = new ArrayList<>(kinds.size());
        for (LinearKind kind : kinds) {
            ys.add(backend.allocateUnset(x.rows(), weights.config().outputFeatures(kind.module())));
        }
        forward(ys, x, layer, kinds, batch);
        return ys;
    }

    private void forward(List<Tensor> ys, Tensor x, int layer, List<LinearKind> kinds, Batch batch) {
        try (var _ = backend.temporaries()) {
            for (Batch.Run run : batch.runs()) {
                List<LowRankRows> parts = adapters.parts(x, layer, kinds, batch, run);
                Tensor read = backend.rows(x, run.start(), run.count());
                forward(rows(ys, run), read, layer, kinds, parts, run.phase());
            }
        }
    }

    /** A bias is added before what adapters add. */
    private void forward(
            List<Tensor> ys, Tensor x, int layer, List<LinearKind> kinds, List<LowRankRows> parts, Phase phase) {
        List<Linear> linears = linears(layer, kinds);
        Optional<List<LinearWeight>> frozen = Linear.frozen(linears);
        boolean biased = kinds.stream().anyMatch(kind -> bias(layer, kind).isPresent());
        if (frozen.isPresent() && !biased) {
            backend.linear(ys, x, frozen.get(), parts, phase, weights.arithmetic());
            return;
        }
        base.forward(ys, x, linears, phase);
        for (int i = 0; i < kinds.size(); i++) {
            Tensor y = ys.get(i);
            bias(layer, kinds.get(i)).ifPresent(bias -> backend.addBias(y, bias.weight()));
        }
        if (!parts.isEmpty()) {
            backend.lowRank(ys, parts, phase, weights.arithmetic());
        }
    }

    private List<Tensor> rows(List<Tensor> tensors, Batch.Run run) {
        List<Tensor> rows = new ArrayList<>(tensors.size());
        for (Tensor tensor : tensors) {
            rows.add(backend.rows(tensor, run.start(), run.count()));
        }
        return rows;
    }

    void backward(Tensor dx, Tensor dy, Tensor x, int layer, LinearKind kind, Batch batch) {
        backward(dx, List.of(dy), x, layer, List.of(kind), batch);
    }

    /** Of several kinds over the same rows: dx becomes the base's parts in their order and then the adapters'. */
    void backward(Tensor dx, List<Tensor> dys, Tensor x, int layer, List<LinearKind> kinds, Batch batch) {
        List<Linear> linears = linears(layer, kinds);
        Optional<List<LinearWeight>> frozen = Linear.frozen(linears);
        if (frozen.isEmpty()) {
            base.backward(dx, dys, x, linears, false);
        }
        for (int i = 0; i < kinds.size(); i++) {
            Tensor dy = dys.get(i);
            bias(layer, kinds.get(i)).flatMap(Vectors::gradient).ifPresent(dBias -> backend.addBiasBackward(dBias, dy));
        }
        try (var _ = backend.temporaries()) {
            if (frozen.isPresent()) {
                gradients.add(dx, dys, frozen.get(), x, layer, kinds, batch);
            } else {
                gradients.add(dx, dys, x, layer, kinds, batch);
            }
        }
    }

    private Optional<Vectors> bias(int layer, LinearKind kind) {
        return Optional.ofNullable(weights.layers().get(layer).biases().get(kind));
    }

    private List<Linear> linears(int layer, List<LinearKind> kinds) {
        List<Linear> linears = new ArrayList<>(kinds.size());
        for (LinearKind kind : kinds) {
            linears.add(linear(layer, kind));
        }
        return linears;
    }

    private Linear linear(int layer, LinearKind kind) {
        Linear linear = weights.layers().get(layer).linears().get(kind);
        if (linear == null) {
            throw new IllegalStateException("layer %d has no %s".formatted(layer, kind.module()));
        }
        return linear;
    }
}
