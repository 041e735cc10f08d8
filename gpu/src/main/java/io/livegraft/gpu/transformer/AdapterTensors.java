package io.livegraft.gpu.transformer;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.lora.AdaptedLinear;
import io.livegraft.gpu.lora.LoraAdapter;
import io.livegraft.gpu.tensor.ParameterLayout;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * One adapter on a device: all its P values in one arena (1,P), and a gradient arena (1,P) while it is trained. Pairs are views of
 * both, so that one optimizer step covers them all.
 */
public final class AdapterTensors {
    /** A (r,in), B (out,r) and the scaling of B·A; the gradients are there in training only. */
    public record Pair(Tensor a, Tensor b, float scaling, Optional<Gradients> gradients) {}

    /**
     * Views of the gradient arena; backward passes add to them.
     *
     * @param a dA (r, in)
     * @param b dB (out, r)
     */
    public record Gradients(Tensor a, Tensor b) {}

    private final Map<Integer, Map<LinearKind, Pair>> layers;
    private final double dropout;
    private final Tensor values;
    private final Optional<Tensor> gradients;

    private AdapterTensors(
            Map<Integer, Map<LinearKind, Pair>> layers, double dropout, Tensor values, Optional<Tensor> gradients) {
        this.layers = layers;
        this.dropout = dropout;
        this.values = values;
        this.gradients = gradients;
    }

    /** Uploads an adapter that is only read. */
    public static AdapterTensors forServing(Backend backend, LoraAdapter adapter) {
        return upload(backend, adapter, Optional.empty());
    }

    /** Uploads an adapter together with room for its gradients, all zero. */
    public static AdapterTensors forTraining(Backend backend, LoraAdapter adapter) {
        return upload(
                backend,
                adapter,
                Optional.of(backend.allocate(1, adapter.layout().size())));
    }

    private static AdapterTensors upload(Backend backend, LoraAdapter adapter, Optional<Tensor> gradients) {
        ParameterLayout layout = adapter.layout();
        Tensor values = backend.upload(adapter.values(), 1, layout.size());
        Map<Integer, Map<LinearKind, Pair>> layers = new HashMap<>();
        for (AdaptedLinear linear : adapter.linears()) {
            ParameterLayout.Entry a = layout.entry(linear.a());
            ParameterLayout.Entry b = layout.entry(linear.b());
            Pair pair = new Pair(
                    view(backend, values, a),
                    view(backend, values, b),
                    linear.scaling(),
                    gradients.map(g -> new Gradients(view(backend, g, a), view(backend, g, b))));
            layers.computeIfAbsent(linear.layer(), layer -> new EnumMap<>(LinearKind.class))
                    .put(LinearKind.of(linear.module()), pair);
        }
        return new AdapterTensors(layers, adapter.config().dropout(), values, gradients);
    }

    private static Tensor view(Backend backend, Tensor arena, ParameterLayout.Entry entry) {
        return backend.view(arena, entry.offset(), entry.rows(), entry.columns());
    }

    /** The pair of one linear layer, when the adapter targets it. */
    public Optional<Pair> pair(int layer, LinearKind kind) {
        return Optional.ofNullable(layers.getOrDefault(layer, Map.of()).get(kind));
    }

    /** Share of a linear layer's input that is dropped before A; in training only. */
    public double dropout() {
        return dropout;
    }

    /** All values (1,P) in the adapter's layout. */
    public Tensor values() {
        return values;
    }

    /** All gradients (1,P) in the adapter's layout; empty unless uploaded for training. */
    public Optional<Tensor> gradients() {
        return gradients;
    }
}
