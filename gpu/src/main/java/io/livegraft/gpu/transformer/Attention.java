package io.livegraft.gpu.transformer;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.KvCache;
import io.livegraft.gpu.backend.Rope;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.model.ModelConfig;
import io.livegraft.gpu.transformer.Normalisation.Normalised;
import io.livegraft.gpu.transformer.RotaryHeads.Turned;
import io.livegraft.gpu.transformer.TransformerWeights.Layer;
import java.util.List;

/**
 * The first half of a block: causal attention, pre-normalised and residual.
 *
 * <pre>{@code
 *   m = x + O·attention(rope(Q·n), rope(K·n), V·n)      n = rmsNorm(x), rope with a norm per head where there is one
 *   x, m (N,C)   q (N,H·D)   k, v (N,G·D)
 * }</pre>
 */
final class Attention {
    /** What the backward pass needs besides x, and the half's output m. */
    record Activations(Normalised input, Turned q, Turned k, Tensor v, Tensor attended, Tensor output) {
        long bytes() {
            return input.bytes() + q.bytes() + k.bytes() + v.bytes() + attended.bytes() + output.bytes();
        }
    }

    private final Backend backend;
    private final TransformerWeights weights;
    private final LinearLayers linears;
    private final Normalisation norms;
    private final RotaryHeads rotary;
    private final ModelConfig config;

    Attention(Backend backend, TransformerWeights weights, LinearLayers linears, Normalisation norms) {
        this.backend = backend;
        this.weights = weights;
        this.linears = linears;
        this.norms = norms;
        this.config = weights.config();
        Rope rope =
                new Rope(config.headDim(), config.ropeTheta(), config.traits().ropeScaling());
        this.rotary = new RotaryHeads(backend, norms, rope);
    }

    Activations forward(Tensor x, int layer, Batch batch) {
        Layer norm = weights.layers().get(layer);
        Normalised input = norms.forward(x, norm.attentionNorm());
        List<Tensor> projected = linears.forward(input.y(), layer, LinearKind.QUERY_KEY_VALUE, batch);
        Turned q = rotary.forward(projected.get(0), norm.queryNorm(), batch.positions());
        Turned k = rotary.forward(projected.get(1), norm.keyNorm(), batch.positions());
        Tensor v = projected.get(2);
        Tensor attended = attend(q.heads(), k.heads(), v, layer, batch);
        Tensor output = linears.forward(attended, layer, LinearKind.O_PROJ, batch);
        backend.add(output, x);
        return new Activations(input, q, k, v, attended, output);
    }

    /** Turns {@code d}, the gradient of m, into that of x, in place. */
    void backward(Tensor d, Tensor x, Activations a, int layer, Batch batch) {
        Tensor dAttended = like(a.attended());
        linears.backward(dAttended, d, a.attended(), layer, LinearKind.O_PROJ, batch);
        Tensor dq = like(a.q().heads());
        Tensor dk = like(a.k().heads());
        Tensor dv = like(a.v());
        attendBackward(dq, dk, dv, dAttended, a, layer, batch);
        Layer norm = weights.layers().get(layer);
        Tensor dQueries = rotary.backward(dq, a.q(), norm.queryNorm(), batch.positions());
        Tensor dKeys = rotary.backward(dk, a.k(), norm.keyNorm(), batch.positions());
        Tensor dInput = like(a.input().y());
        List<Tensor> dProjected = List.of(dQueries, dKeys, dv);
        linears.backward(dInput, dProjected, a.input().y(), layer, LinearKind.QUERY_KEY_VALUE, batch);
        norms.backward(d, dInput, x, norm.attentionNorm(), a.input().rstd());
    }

    private Tensor attend(Tensor q, Tensor k, Tensor v, int layer, Batch batch) {
        Tensor attended = backend.allocateUnset(q.rows(), q.columns());
        for (Batch.Steps steps : batch.steps()) {
            int start = steps.start();
            int count = steps.count();
            backend.attention(
                    backend.rows(attended, start, count),
                    backend.rows(q, start, count),
                    backend.rows(k, start, count),
                    backend.rows(v, start, count),
                    steps.caches(),
                    layer,
                    steps.positions(),
                    config.window(layer));
        }
        for (Batch.Sequences sequences : batch.sequences()) {
            int start = sequences.start();
            int count = sequences.count();
            backend.attention(
                    backend.rows(attended, start, count),
                    backend.rows(q, start, count),
                    backend.rows(k, start, count),
                    backend.rows(v, start, count),
                    sequences.lengths(),
                    config.headDim(),
                    config.window(layer),
                    weights.arithmetic());
        }
        for (int s = 0; s < batch.segments().size(); s++) {
            Segment segment = batch.segments().get(s);
            if (!Batch.isStep(segment) && segment.cache().isPresent()) {
                int start = batch.start(s);
                int count = segment.ids().length;
                attend(
                        backend.rows(attended, start, count),
                        backend.rows(q, start, count),
                        backend.rows(k, start, count),
                        backend.rows(v, start, count),
                        layer,
                        segment.position(),
                        segment.cache().get());
            }
        }
        return attended;
    }

    private void attend(Tensor out, Tensor q, Tensor k, Tensor v, int layer, int position, KvCache cache) {
        backend.appendKv(cache, layer, k, v, position);
        backend.attention(out, q, cache, layer, position, config.window(layer));
    }

    private void attendBackward(
            Tensor dq, Tensor dk, Tensor dv, Tensor dAttended, Activations a, int layer, Batch batch) {
        for (Batch.Sequences sequences : batch.sequences()) {
            int start = sequences.start();
            int count = sequences.count();
            backend.attentionBackward(
                    backend.rows(dq, start, count),
                    backend.rows(dk, start, count),
                    backend.rows(dv, start, count),
                    backend.rows(dAttended, start, count),
                    backend.rows(a.q().heads(), start, count),
                    backend.rows(a.k().heads(), start, count),
                    backend.rows(a.v(), start, count),
                    sequences.lengths(),
                    config.headDim(),
                    config.window(layer),
                    weights.arithmetic());
        }
    }

    /** Room for a gradient of {@code tensor}. */
    private Tensor like(Tensor tensor) {
        return backend.allocateUnset(tensor.rows(), tensor.columns());
    }
}
