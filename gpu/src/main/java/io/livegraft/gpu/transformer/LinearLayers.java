package io.livegraft.gpu.transformer;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.Operand;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.transformer.AdapterTensors.Gradients;
import io.livegraft.gpu.transformer.AdapterTensors.Pair;

/**
 * Linear layers with low-rank adapters (Hu et al., arXiv 2106.09685, equation 3), each segment with its own.
 *
 * <pre>{@code
 *   y  = x·Wᵀ + s·(x·Aᵀ)·Bᵀ
 *   dx = dy·W + s·(dy·B)·A        dB += s·dyᵀ·(x·Aᵀ)        dA += s·(dy·B)ᵀ·x
 *   x (N,in)   y (N,out)   W (out,in)   A (r,in)   B (out,r)
 * }</pre>
 *
 * Adapter gradients are summed segment by segment, so that how examples were put together does not show in them.
 */
final class LinearLayers {
    private final Backend backend;
    private final TransformerWeights weights;

    LinearLayers(Backend backend, TransformerWeights weights) {
        this.backend = backend;
        this.weights = weights;
    }

    Tensor forward(Tensor x, int layer, LinearKind kind, Batch batch) {
        int features = weights.config().outputFeatures(kind.module());
        Tensor y = backend.allocate(x.rows(), features);
        base(y, x, linear(layer, kind));
        for (int s = 0; s < batch.segments().size(); s++) {
            Segment segment = batch.segments().get(s);
            if (segment.adapter().isPresent()) {
                AdapterTensors adapter = segment.adapter().get();
                Tensor rows = backend.rows(x, batch.start(s), segment.ids().length);
                Tensor out = backend.rows(y, batch.start(s), segment.ids().length);
                adapter.pair(layer, kind).ifPresent(pair -> {
                    Tensor h = shrink(rows, pair);
                    backend.multiply(out, h, Operand.PLAIN, pair.b(), Operand.TRANSPOSED, pair.scaling(), true);
                });
            }
        }
        return y;
    }

    void backward(Tensor dx, Tensor dy, Tensor x, int layer, LinearKind kind, Batch batch) {
        baseBackward(dx, dy, x, linear(layer, kind));
        for (int s = 0; s < batch.segments().size(); s++) {
            Segment segment = batch.segments().get(s);
            if (segment.adapter().isPresent()) {
                AdapterTensors adapter = segment.adapter().get();
                int start = batch.start(s);
                int count = segment.ids().length;
                adapter.pair(layer, kind)
                        .ifPresent(pair -> adapterBackward(
                                backend.rows(dx, start, count),
                                backend.rows(dy, start, count),
                                backend.rows(x, start, count),
                                pair));
            }
        }
    }

    private void adapterBackward(Tensor dx, Tensor dy, Tensor x, Pair pair) {
        Tensor dh = backend.allocate(dy.rows(), pair.a().rows());
        backend.multiply(dh, dy, Operand.PLAIN, pair.b(), Operand.PLAIN, pair.scaling(), false);
        if (pair.gradients().isPresent()) {
            Gradients gradients = pair.gradients().get();
            Tensor h = shrink(x, pair);
            backend.multiply(gradients.b(), dy, Operand.TRANSPOSED, h, Operand.PLAIN, pair.scaling(), true);
            backend.multiply(gradients.a(), dh, Operand.TRANSPOSED, x, Operand.PLAIN, 1, true);
        }
        backend.multiply(dx, dh, Operand.PLAIN, pair.a(), Operand.PLAIN, 1, true);
    }

    /** {@code x·Aᵀ} (N,r). */
    private Tensor shrink(Tensor x, Pair pair) {
        Tensor h = backend.allocate(x.rows(), pair.a().rows());
        backend.multiply(h, x, Operand.PLAIN, pair.a(), Operand.TRANSPOSED, 1, false);
        return h;
    }

    /** The base's part alone: {@code y = x·Wᵀ}. */
    void base(Tensor y, Tensor x, Linear linear) {
        switch (linear) {
            case Linear.Frozen(var weight) -> backend.linear(y, x, weight);
            case Linear.Trained(var weight, var gradient) ->
                backend.multiply(y, x, Operand.PLAIN, weight, Operand.TRANSPOSED, 1, false);
        }
    }

    /** The base's part alone: {@code dx += dy·W}, and {@code dW += dyᵀ·x} where W is trained. */
    void baseBackward(Tensor dx, Tensor dy, Tensor x, Linear linear) {
        switch (linear) {
            case Linear.Frozen(var weight) -> backend.linearBackward(dx, dy, weight);
            case Linear.Trained(var weight, var gradient) -> {
                backend.multiply(dx, dy, Operand.PLAIN, weight, Operand.PLAIN, 1, true);
                backend.multiply(gradient, dy, Operand.TRANSPOSED, x, Operand.PLAIN, 1, true);
            }
        }
    }

    private Linear linear(int layer, LinearKind kind) {
        Linear linear = weights.layers().get(layer).linears().get(kind);
        if (linear == null) {
            throw new IllegalStateException("layer %d has no %s".formatted(layer, kind.module()));
        }
        return linear;
    }
}
