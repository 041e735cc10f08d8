package io.livegraft.gpu.transformer;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.KvCache;
import io.livegraft.gpu.backend.Rope;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.model.ModelConfig;
import io.livegraft.gpu.transformer.TransformerWeights.Layer;
import io.livegraft.gpu.transformer.TransformerWeights.Vectors;

/**
 * One decoder block of Llama (Touvron et al., arXiv 2302.13971): attention and SwiGLU, both pre-normalised and residual.
 *
 * <pre>{@code
 *   m = x + O·attention(rope(Q·n₁), rope(K·n₁), V·n₁)      n₁ = rmsNorm(x)
 *   y = m + Down·swiGlu(Gate·n₂, Up·n₂)                    n₂ = rmsNorm(m)
 * }</pre>
 */
final class TransformerBlock {
    private static final int NO_WINDOW = Integer.MAX_VALUE;

    /** What the backward pass needs of the forward one. */
    record Activations(
            Tensor x,
            Tensor attentionRstd,
            Tensor attentionInput,
            Tensor q,
            Tensor k,
            Tensor v,
            Tensor attended,
            Tensor middle,
            Tensor feedForwardRstd,
            Tensor feedForwardInput,
            Tensor gate,
            Tensor up,
            Tensor gated,
            Tensor y) {}

    private final Backend backend;
    private final ModelConfig config;
    private final LinearLayers linears;
    private final Rope rope;

    TransformerBlock(Backend backend, ModelConfig config, LinearLayers linears) {
        this.backend = backend;
        this.config = config;
        this.linears = linears;
        this.rope = new Rope(config.headDim(), config.ropeTheta());
    }

    Activations forward(Tensor x, int index, Layer layer, Batch batch) {
        Tensor attentionRstd = backend.allocate(x.rows(), 1);
        Tensor attentionInput = normalise(x, layer.attentionNorm(), attentionRstd);
        Tensor q = linears.forward(attentionInput, index, LinearKind.Q_PROJ, batch);
        Tensor k = linears.forward(attentionInput, index, LinearKind.K_PROJ, batch);
        Tensor v = linears.forward(attentionInput, index, LinearKind.V_PROJ, batch);
        backend.rotate(q, batch.positions(), rope, false);
        backend.rotate(k, batch.positions(), rope, false);
        Tensor attended = attend(q, k, v, index, batch);
        Tensor middle = linears.forward(attended, index, LinearKind.O_PROJ, batch);
        backend.add(middle, x);

        Tensor feedForwardRstd = backend.allocate(x.rows(), 1);
        Tensor feedForwardInput = normalise(middle, layer.feedForwardNorm(), feedForwardRstd);
        Tensor gate = linears.forward(feedForwardInput, index, LinearKind.GATE_PROJ, batch);
        Tensor up = linears.forward(feedForwardInput, index, LinearKind.UP_PROJ, batch);
        Tensor gated = backend.allocate(x.rows(), config.intermediateSize());
        backend.swiGlu(gated, gate, up);
        Tensor y = linears.forward(gated, index, LinearKind.DOWN_PROJ, batch);
        backend.add(y, middle);
        return new Activations(
                x,
                attentionRstd,
                attentionInput,
                q,
                k,
                v,
                attended,
                middle,
                feedForwardRstd,
                feedForwardInput,
                gate,
                up,
                gated,
                y);
    }

    /** Turns {@code d}, the gradient of the block's output, into that of its input, in place. */
    void backward(Tensor d, Activations a, int index, Layer layer, Batch batch) {
        Tensor dGated = like(a.gated());
        linears.backward(dGated, d, a.gated(), index, LinearKind.DOWN_PROJ, batch);
        Tensor dGate = like(a.gate());
        Tensor dUp = like(a.up());
        backend.swiGluBackward(dGate, dUp, dGated, a.gate(), a.up());
        Tensor dFeedForwardInput = like(a.feedForwardInput());
        linears.backward(dFeedForwardInput, dGate, a.feedForwardInput(), index, LinearKind.GATE_PROJ, batch);
        linears.backward(dFeedForwardInput, dUp, a.feedForwardInput(), index, LinearKind.UP_PROJ, batch);
        normaliseBackward(d, dFeedForwardInput, a.middle(), layer.feedForwardNorm(), a.feedForwardRstd());

        Tensor dAttended = like(a.attended());
        linears.backward(dAttended, d, a.attended(), index, LinearKind.O_PROJ, batch);
        Tensor dq = like(a.q());
        Tensor dk = like(a.k());
        Tensor dv = like(a.v());
        attendBackward(dq, dk, dv, dAttended, a, batch);
        backend.rotate(dq, batch.positions(), rope, true);
        backend.rotate(dk, batch.positions(), rope, true);
        Tensor dAttentionInput = like(a.attentionInput());
        linears.backward(dAttentionInput, dq, a.attentionInput(), index, LinearKind.Q_PROJ, batch);
        linears.backward(dAttentionInput, dk, a.attentionInput(), index, LinearKind.K_PROJ, batch);
        linears.backward(dAttentionInput, dv, a.attentionInput(), index, LinearKind.V_PROJ, batch);
        normaliseBackward(d, dAttentionInput, a.x(), layer.attentionNorm(), a.attentionRstd());
    }

    private Tensor attend(Tensor q, Tensor k, Tensor v, int index, Batch batch) {
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
                    index,
                    segment);
        }
        return attended;
    }

    private void attend(Tensor out, Tensor q, Tensor k, Tensor v, int index, Segment segment) {
        if (segment.cache().isPresent()) {
            KvCache cache = segment.cache().get();
            backend.appendKv(cache, index, k, v, segment.position());
            backend.attention(out, q, cache, index, segment.position(), NO_WINDOW);
        } else {
            backend.attention(out, q, k, v, config.headDim(), NO_WINDOW);
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
                    config.headDim(),
                    NO_WINDOW);
        }
    }

    Tensor normalise(Tensor x, Vectors norm, Tensor rstd) {
        Tensor y = like(x);
        backend.rmsNorm(y, rstd, x, norm.weight(), config.rmsNormEps());
        return y;
    }

    void normaliseBackward(Tensor dx, Tensor dy, Tensor x, Vectors norm, Tensor rstd) {
        backend.rmsNormBackward(dx, dy, x, norm.weight(), rstd);
        norm.gradient().ifPresent(dw -> backend.rmsNormWeightBackward(dw, dy, x, rstd));
    }

    private Tensor like(Tensor tensor) {
        return backend.allocate(tensor.rows(), tensor.columns());
    }
}
