package io.livegraft.gpu.transformer;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.lora.LoraAdapter;
import io.livegraft.gpu.tensor.ParameterLayout;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** One adapter on a device: its values in one arena, and a gradient arena while it is trained. */
public final class AdapterTensors {
    /** A (r,in) and B (out,r) with their gradients; the gradients are there in training only. */
    public record Pair(Tensor a, Tensor b, Optional<Gradients> gradients) {}

    public record Gradients(Tensor a, Tensor b) {}

    private final List<Map<LinearKind, Pair>> layers;
    private final float scaling;
    private final Tensor values;
    private final Optional<Tensor> gradients;

    private AdapterTensors(
            List<Map<LinearKind, Pair>> layers, float scaling, Tensor values, Optional<Tensor> gradients) {
        this.layers = layers;
        this.scaling = scaling;
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
        List<Map<LinearKind, Pair>> layers = new ArrayList<>();
        for (int layer = 0; contains(layout, layer); layer++) {
            Map<LinearKind, Pair> pairs = new EnumMap<>(LinearKind.class);
            for (LinearKind kind : LinearKind.values()) {
                String path = LoraAdapter.parameterPath(layer, kind.module());
                if (layout.contains(path + ".lora_A.weight")) {
                    ParameterLayout.Entry a = layout.entry(path + ".lora_A.weight");
                    ParameterLayout.Entry b = layout.entry(path + ".lora_B.weight");
                    pairs.put(
                            kind,
                            new Pair(
                                    view(backend, values, a),
                                    view(backend, values, b),
                                    gradients.map(g -> new Gradients(view(backend, g, a), view(backend, g, b)))));
                }
            }
            layers.add(pairs);
        }
        return new AdapterTensors(layers, adapter.config().scaling(), values, gradients);
    }

    private static boolean contains(ParameterLayout layout, int layer) {
        for (LinearKind kind : LinearKind.values()) {
            if (layout.contains(LoraAdapter.parameterPath(layer, kind.module()) + ".lora_A.weight")) {
                return true;
            }
        }
        return false;
    }

    private static Tensor view(Backend backend, Tensor arena, ParameterLayout.Entry entry) {
        return backend.view(arena, entry.offset(), entry.rows(), entry.columns());
    }

    /** The pair of one linear layer, when the adapter targets it. */
    public Optional<Pair> pair(int layer, LinearKind kind) {
        return Optional.ofNullable(layers.get(layer).get(kind));
    }

    public float scaling() {
        return scaling;
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
