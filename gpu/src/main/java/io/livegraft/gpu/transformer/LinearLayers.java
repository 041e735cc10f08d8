package io.livegraft.gpu.transformer;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.DropoutMask;
import io.livegraft.gpu.backend.Operand;
import io.livegraft.gpu.backend.Phase;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.lora.LoraConfig;
import io.livegraft.gpu.transformer.AdapterTensors.Gradients;
import io.livegraft.gpu.transformer.AdapterTensors.Pair;
import io.livegraft.gpu.transformer.TransformerWeights.Vectors;
import java.util.Optional;

/**
 * Linear layers with low-rank adapters (Hu et al., arXiv 2106.09685, equation 3), each segment with its own.
 *
 * <pre>{@code
 *   y  = x·Wᵀ + b + s·(x̃·Aᵀ)·Bᵀ                           x̃ = dropout(x), or x where nothing is dropped
 *   dx = dy·W + dropoutBackward(s·(dy·B)·A)        dB += s·dyᵀ·(x̃·Aᵀ)        dA += s·(dy·B)ᵀ·x̃
 *   x (N,in)   y (N,out)   W (out,in)   b (1,out), where the family has one   A (r,in)   B (out,r)
 * }</pre>
 *
 * A mask follows from the segment's seed, the layer and the kind, and counts from the segment's first row; x̃ is computed again
 * in the backward pass.
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
        for (Batch.Run run : batch.runs()) {
            base(
                    backend.rows(y, run.start(), run.count()),
                    backend.rows(x, run.start(), run.count()),
                    linear(layer, kind),
                    run.phase());
        }
        bias(layer, kind).ifPresent(bias -> backend.addBias(y, bias.weight()));
        for (int s = 0; s < batch.segments().size(); s++) {
            Segment segment = batch.segments().get(s);
            Optional<Pair> pair = segment.adapter().flatMap(adapter -> adapter.pair(layer, kind));
            if (pair.isPresent()) {
                int count = segment.ids().length;
                Tensor rows = dropped(backend.rows(x, batch.start(s), count), mask(segment, layer, kind));
                adapterForward(backend.rows(y, batch.start(s), count), rows, pair.get());
            }
        }
        return y;
    }

    void backward(Tensor dx, Tensor dy, Tensor x, int layer, LinearKind kind, Batch batch) {
        baseBackward(dx, dy, x, linear(layer, kind));
        bias(layer, kind).flatMap(Vectors::gradient).ifPresent(db -> backend.addBiasBackward(db, dy));
        for (int s = 0; s < batch.segments().size(); s++) {
            Segment segment = batch.segments().get(s);
            Optional<Pair> pair = segment.adapter().flatMap(adapter -> adapter.pair(layer, kind));
            if (pair.isPresent()) {
                int start = batch.start(s);
                int count = segment.ids().length;
                adapterBackward(
                        backend.rows(dx, start, count),
                        backend.rows(dy, start, count),
                        backend.rows(x, start, count),
                        pair.get(),
                        mask(segment, layer, kind));
            }
        }
    }

    /** Empty where nothing is dropped: in serving and evaluation, and for adapters without dropout. */
    private static Optional<DropoutMask> mask(Segment segment, int layer, LinearKind kind) {
        double probability = segment.adapter().map(AdapterTensors::dropout).orElse(0.0);
        if (probability == 0 || segment.dropoutSeed().isEmpty()) {
            return Optional.empty();
        }
        int tensor = layer * LoraConfig.ALL_LINEAR.size() + LoraConfig.ALL_LINEAR.indexOf(kind.module());
        return Optional.of(DropoutMask.of(probability, segment.dropoutSeed().getAsLong(), tensor));
    }

    private Tensor dropped(Tensor x, Optional<DropoutMask> mask) {
        if (mask.isEmpty()) {
            return x;
        }
        Tensor kept = backend.allocate(x.rows(), x.columns());
        backend.dropout(kept, x, mask.get());
        return kept;
    }

    private void adapterForward(Tensor y, Tensor x, Pair pair) {
        backend.multiply(y, shrink(x, pair), Operand.PLAIN, pair.b(), Operand.TRANSPOSED, pair.scaling(), true);
    }

    private void adapterBackward(Tensor dx, Tensor dy, Tensor x, Pair pair, Optional<DropoutMask> mask) {
        Tensor dh = backend.allocate(dy.rows(), pair.a().rows());
        backend.multiply(dh, dy, Operand.PLAIN, pair.b(), Operand.PLAIN, pair.scaling(), false);
        if (pair.gradients().isPresent()) {
            Gradients gradients = pair.gradients().get();
            Tensor kept = dropped(x, mask);
            Tensor h = shrink(kept, pair);
            backend.multiply(gradients.b(), dy, Operand.TRANSPOSED, h, Operand.PLAIN, pair.scaling(), true);
            backend.multiply(gradients.a(), dh, Operand.TRANSPOSED, kept, Operand.PLAIN, 1, true);
        }
        if (mask.isPresent()) {
            Tensor dKept = backend.allocate(x.rows(), x.columns());
            backend.multiply(dKept, dh, Operand.PLAIN, pair.a(), Operand.PLAIN, 1, false);
            backend.dropoutBackward(dx, dKept, mask.get());
        } else {
            backend.multiply(dx, dh, Operand.PLAIN, pair.a(), Operand.PLAIN, 1, true);
        }
    }

    /** {@code x·Aᵀ} (N,r). */
    private Tensor shrink(Tensor x, Pair pair) {
        Tensor h = backend.allocate(x.rows(), pair.a().rows());
        backend.multiply(h, x, Operand.PLAIN, pair.a(), Operand.TRANSPOSED, 1, false);
        return h;
    }

    /** The base's part alone: {@code y = x·Wᵀ}. */
    void base(Tensor y, Tensor x, Linear linear, Phase phase) {
        switch (linear) {
            case Linear.Frozen(var weight) -> backend.linear(y, x, weight, phase);
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

    private Optional<Vectors> bias(int layer, LinearKind kind) {
        return Optional.ofNullable(weights.layers().get(layer).biases().get(kind));
    }

    private Linear linear(int layer, LinearKind kind) {
        Linear linear = weights.layers().get(layer).linears().get(kind);
        if (linear == null) {
            throw new IllegalStateException("layer %d has no %s".formatted(layer, kind.module()));
        }
        return linear;
    }
}
