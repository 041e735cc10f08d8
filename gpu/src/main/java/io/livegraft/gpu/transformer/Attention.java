package io.livegraft.gpu.transformer;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.KvCache;
import io.livegraft.gpu.backend.Rope;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.model.ModelConfig;
import io.livegraft.gpu.transformer.Normalisation.Normalised;

/**
 * The first half of a block: causal attention, pre-normalised and residual.
 *
 * <pre>{@code
 *   m = x + O·attention(rope(Q·n), rope(K·n), V·n)      n = rmsNorm(x)
 *   x, m (N,C)   q (N,H·D)   k, v (N,G·D)
 * }</pre>
 */
final class Attention {
    private static final int NO_WINDOW = Integer.MAX_VALUE;

    /** What the backward pass needs besides x, and the half's output m. */
    record Activations(Normalised input, Tensor q, Tensor k, Tensor v, Tensor attended, Tensor output) {
        long bytes() {
            return input.bytes() + q.bytes() + k.bytes() + v.bytes() + attended.bytes() + output.bytes();
        }
    }

    private final Backend backend;
    private final TransformerWeights weights;
    private final LinearLayers linears;
    private final Normalisation norms;
    private final Rope rope;

    Attention(Backend backend, TransformerWeights weights, LinearLayers linears, Normalisation norms) {
        this.backend = backend;
        this.weights = weights;
        this.linears = linears;
        this.norms = norms;
        ModelConfig config = weights.config();
        this.rope = new Rope(config.headDim(), config.ropeTheta());
    }

    Activations forward(Tensor x, int layer, Batch batch) {
        Normalised input = norms.forward(x, weights.layers().get(layer).attentionNorm());
        Tensor q = linears.forward(input.y(), layer, LinearKind.Q_PROJ, batch);
        Tensor k = linears.forward(input.y(), layer, LinearKind.K_PROJ, batch);
        Tensor v = linears.forward(input.y(), layer, LinearKind.V_PROJ, batch);
        backend.rotate(q, batch.positions(), rope, false);
        backend.rotate(k, batch.positions(), rope, false);
        Tensor attended = attend(q, k, v, layer, batch);
        Tensor output = linears.forward(attended, layer, LinearKind.O_PROJ, batch);
        backend.add(output, x);
        return new Activations(input, q, k, v, attended, output);
    }

    /** Turns {@code d}, the gradient of m, into that of x, in place. */
    void backward(Tensor d, Tensor x, Activations a, int layer, Batch batch) {
        Tensor dAttended = like(a.attended());
        linears.backward(dAttended, d, a.attended(), layer, LinearKind.O_PROJ, batch);
        Tensor dq = like(a.q());
        Tensor dk = like(a.k());
        Tensor dv = like(a.v());
        attendBackward(dq, dk, dv, dAttended, a, batch);
        backend.rotate(dq, batch.positions(), rope, true);
        backend.rotate(dk, batch.positions(), rope, true);
        Tensor dInput = like(a.input().y());
        linears.backward(dInput, dq, a.input().y(), layer, LinearKind.Q_PROJ, batch);
        linears.backward(dInput, dk, a.input().y(), layer, LinearKind.K_PROJ, batch);
        linears.backward(dInput, dv, a.input().y(), layer, LinearKind.V_PROJ, batch);
        norms.backward(
                d,
                dInput,
                x,
                weights.layers().get(layer).attentionNorm(),
                a.input().rstd());
    }

    private Tensor attend(Tensor q, Tensor k, Tensor v, int layer, Batch batch) {
        Tensor attended = like(q);
        for (int s = 0; s < batch.segments().size(); s++) {
            Segment segment = batch.segments().get(s);
            int start = batch.start(s);
            int count = segment.ids().length;
            attend(
                    backend.rows(attended, start, count),
                    backend.rows(q, start, count),
                    backend.rows(k, start, count),
                    backend.rows(v, start, count),
                    layer,
                    segment);
        }
        return attended;
    }

    private void attend(Tensor out, Tensor q, Tensor k, Tensor v, int layer, Segment segment) {
        if (segment.cache().isPresent()) {
            KvCache cache = segment.cache().get();
            backend.appendKv(cache, layer, k, v, segment.position());
            backend.attention(out, q, cache, layer, segment.position(), NO_WINDOW);
        } else {
            backend.attention(out, q, k, v, rope.headDim(), NO_WINDOW);
        }
    }

    private void attendBackward(Tensor dq, Tensor dk, Tensor dv, Tensor dAttended, Activations a, Batch batch) {
        for (int s = 0; s < batch.segments().size(); s++) {
            int start = batch.start(s);
            int count = batch.segments().get(s).ids().length;
            backend.attentionBackward(
                    backend.rows(dq, start, count),
                    backend.rows(dk, start, count),
                    backend.rows(dv, start, count),
                    backend.rows(dAttended, start, count),
                    backend.rows(a.q(), start, count),
                    backend.rows(a.k(), start, count),
                    backend.rows(a.v(), start, count),
                    rope.headDim(),
                    NO_WINDOW);
        }
    }

    private Tensor like(Tensor tensor) {
        return backend.allocate(tensor.rows(), tensor.columns());
    }
}
