package io.livegraft.gpu.transformer;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.transformer.Normalisation.Normalised;
import java.util.List;

/**
 * The second half of a block: SwiGLU, pre-normalised and residual.
 *
 * <pre>{@code
 *   y = m + Down·swiGlu(Gate·n, Up·n)      n = rmsNorm(m)
 *   m, y (N,C)   gate, up, gated (N,F)
 * }</pre>
 */
final class FeedForward {
    /** What the backward pass needs besides m. */
    record Activations(Normalised input, Tensor gate, Tensor up, Tensor gated) {
        long bytes() {
            return input.bytes() + gate.bytes() + up.bytes() + gated.bytes();
        }
    }

    private final Backend backend;
    private final TransformerWeights weights;
    private final LinearLayers linears;
    private final Normalisation norms;

    FeedForward(Backend backend, TransformerWeights weights, LinearLayers linears, Normalisation norms) {
        this.backend = backend;
        this.weights = weights;
        this.linears = linears;
        this.norms = norms;
    }

    /** Writes y (N,C). */
    Activations forward(Tensor y, Tensor middle, int layer, Batch batch) {
        Activations a = activations(middle, layer, batch);
        linears.forward(y, a.gated(), layer, LinearKind.DOWN_PROJ, batch);
        backend.add(y, middle);
        return a;
    }

    /** Everything up to the last product. */
    Activations activations(Tensor middle, int layer, Batch batch) {
        Normalised input = norms.forward(middle, weights.layers().get(layer).feedForwardNorm());
        List<Tensor> projected = linears.forward(input.y(), layer, LinearKind.GATE_UP, batch);
        Tensor gate = projected.get(0);
        Tensor up = projected.get(1);
        Tensor gated = backend.allocateUnset(gate.rows(), gate.columns());
        backend.swiGlu(gated, gate, up);
        return new Activations(input, gate, up, gated);
    }

    /** Turns {@code d}, the gradient of y, into that of m, in place; the activations of the gate are used up. */
    void backward(Tensor d, Tensor middle, Activations a, int layer, Batch batch) {
        Tensor dGated = like(a.gated());
        linears.backward(dGated, d, a.gated(), layer, LinearKind.DOWN_PROJ, batch);
        Tensor dGate = a.gate(); // what is not needed any more makes room: it is in nearer memory than fresh room
        Tensor dUp = a.up();
        backend.swiGluBackward(dGate, dUp, dGated, a.gate(), a.up());
        Tensor dInput = like(a.input().y());
        linears.backward(dInput, List.of(dGate, dUp), a.input().y(), layer, LinearKind.GATE_UP, batch);
        norms.backward(
                d,
                dInput,
                middle,
                weights.layers().get(layer).feedForwardNorm(),
                a.input().rstd());
    }

    /** Room for a gradient of {@code tensor}. */
    private Tensor like(Tensor tensor) {
        return backend.allocateUnset(tensor.rows(), tensor.columns());
    }
}
