package io.livegraft.gpu.transformer;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.Factor;
import io.livegraft.gpu.backend.Factors;
import io.livegraft.gpu.backend.LowRankPair;
import io.livegraft.gpu.backend.Operand;
import io.livegraft.gpu.backend.SlicedWork;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.backend.TensorFactor;
import io.livegraft.gpu.lora.AdaptedLinear;
import io.livegraft.gpu.lora.LoraAdapter;
import io.livegraft.gpu.tensor.HostMatrix;
import io.livegraft.gpu.tensor.ParameterLayout;
import io.livegraft.gpu.tensor.Precision;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * One adapter on a device. One that is only read is held in whatever form the backend multiplies with best. One that is trained has
 * all its P values in one arena (1,P) and their gradients in another, of which pairs are views, so that one optimizer step covers
 * them all.
 */
public final class AdapterTensors implements AutoCloseable {
    /**
     * What one linear layer gets.
     *
     * @param trained the matrices themselves, in training only
     */
    public record Pair(LowRankPair factors, Optional<Trained> trained) {}

    /**
     * Views of both arenas; backward passes add to the gradients.
     *
     * @param a (r,in), as its gradient
     * @param b (out,r), as its gradient
     */
    public record Trained(Tensor a, Tensor b, Tensor aGradient, Tensor bGradient) {}

    /**
     * The pairs of linear layers that read the same rows, as decode steps look for them.
     *
     * @param layers of the transformer up to the last that has some; nothing for one without
     */
    private record Group(List<LinearKind> kinds, List<List<Optional<LowRankPair>>> layers) {}

    private record Arenas(Tensor values, Tensor gradients) {}

    private final Map<Integer, Map<LinearKind, Pair>> layers;
    /** By first kind. */
    private final Map<LinearKind, Group> groups = new EnumMap<>(LinearKind.class);

    private final double dropout;
    private final Optional<Arenas> arenas;
    private final Optional<Factors> factors;

    private AdapterTensors(
            LoraAdapter adapter,
            Optional<Arenas> arenas,
            Optional<Factors> factors,
            Function<AdaptedLinear, Pair> pair) {
        this.layers = new HashMap<>();
        this.dropout = adapter.config().dropout();
        this.arenas = arenas;
        this.factors = factors;
        for (AdaptedLinear linear : adapter.linears()) {
            layers.computeIfAbsent(linear.layer(), layer -> new EnumMap<>(LinearKind.class))
                    .put(LinearKind.of(linear.module()), pair.apply(linear));
        }
    }

    /** Uploads an adapter that is only read, as it is. */
    public static AdapterTensors forServing(Backend backend, LoraAdapter adapter) {
        return forServing(backend, adapter, Precision.FP32).finish();
    }

    /**
     * Uploads an adapter that is only read.
     *
     * @param base of the base's linear layers
     */
    static SlicedWork<AdapterTensors> forServing(Backend backend, LoraAdapter adapter, Precision base) {
        ParameterLayout layout = adapter.layout();
        List<HostMatrix> matrices = new ArrayList<>();
        for (AdaptedLinear linear : adapter.linears()) {
            matrices.add(matrix(adapter, layout.entry(linear.a())));
            matrices.add(matrix(adapter, layout.entry(linear.b())));
        }
        return backend.factors(matrices, base).map(factors -> frozen(adapter, factors));
    }

    /** Factors of each layer's A and B, in the layers' order. */
    private static AdapterTensors frozen(LoraAdapter adapter, Factors factors) {
        Iterator<Factor> next = factors.all().iterator();
        return new AdapterTensors(
                adapter,
                Optional.empty(),
                Optional.of(factors),
                linear -> new Pair(
                        new LowRankPair(linear.rank(), next.next(), next.next(), linear.scaling()), Optional.empty()));
    }

    private static HostMatrix matrix(LoraAdapter adapter, ParameterLayout.Entry entry) {
        return new HostMatrix(adapter.values(), entry.offset(), entry.rows(), entry.columns());
    }

    /** Uploads an adapter together with room for its gradients, all zero; both lie in the workspace in use. */
    public static AdapterTensors forTraining(Backend backend, LoraAdapter adapter) {
        ParameterLayout layout = adapter.layout();
        Tensor values = backend.allocateUnset(1, layout.size());
        backend.upload(values, adapter.values());
        Tensor gradients = backend.allocate(1, layout.size());
        return new AdapterTensors(adapter, Optional.of(new Arenas(values, gradients)), Optional.empty(), linear -> {
            ParameterLayout.Entry a = layout.entry(linear.a());
            ParameterLayout.Entry b = layout.entry(linear.b());
            Trained trained = new Trained(
                    view(backend, values, a),
                    view(backend, values, b),
                    view(backend, gradients, a),
                    view(backend, gradients, b));
            LowRankPair factors = new LowRankPair(
                    linear.rank(),
                    new TensorFactor(trained.a(), Operand.TRANSPOSED),
                    new TensorFactor(trained.b(), Operand.TRANSPOSED),
                    linear.scaling());
            return new Pair(factors, Optional.of(trained));
        });
    }

    private static Tensor view(Backend backend, Tensor arena, ParameterLayout.Entry entry) {
        return backend.view(arena, entry.offset(), entry.rows(), entry.columns());
    }

    /** The pair of one linear layer, when the adapter targets it. */
    public Optional<Pair> pair(int layer, LinearKind kind) {
        return Optional.ofNullable(layers.getOrDefault(layer, Map.of()).get(kind));
    }

    /** The factors of several linear layers, nothing if none of them has any; found once. */
    List<Optional<LowRankPair>> factors(int layer, List<LinearKind> kinds) {
        Group group = groups.get(kinds.getFirst());
        if (group == null || !group.kinds().equals(kinds)) {
            group = group(kinds);
            groups.put(kinds.getFirst(), group);
        }
        return layer < group.layers().size() ? group.layers().get(layer) : List.of();
    }

    private Group group(List<LinearKind> kinds) {
        int last = layers.keySet().stream().mapToInt(Integer::intValue).max().orElse(-1);
        return new Group(
                kinds,
                IntStream.rangeClosed(0, last)
                        .mapToObj(layer -> kinds.stream()
                                .map(kind -> pair(layer, kind).map(Pair::factors))
                                .toList())
                        .map(pairs ->
                                pairs.stream().allMatch(Optional::isEmpty) ? List.<Optional<LowRankPair>>of() : pairs)
                        .toList());
    }

    /** Share of a linear layer's input that is dropped before A; in training only. */
    public double dropout() {
        return dropout;
    }

    /** All values (1,P) in the adapter's layout; empty unless uploaded for training. */
    public Optional<Tensor> values() {
        return arenas.map(Arenas::values);
    }

    /** Gives the memory of one that is only read back; nothing may be multiplied with it any more. */
    @Override
    public void close() {
        factors.ifPresent(Factors::close);
    }

    /** All gradients (1,P) in the adapter's layout; empty unless uploaded for training. */
    public Optional<Tensor> gradients() {
        return arenas.map(Arenas::gradients);
    }
}
