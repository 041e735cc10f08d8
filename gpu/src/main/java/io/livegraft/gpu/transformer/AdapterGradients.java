package io.livegraft.gpu.transformer;

import io.livegraft.gpu.backend.Arithmetic;
import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.Operand;
import io.livegraft.gpu.backend.Product;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.backend.TensorFactor;
import io.livegraft.gpu.transformer.AdapterTensors.Pair;
import io.livegraft.gpu.transformer.AdapterTensors.Trained;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The backward pass of {@link AdapterProducts}, of adapters in training.
 *
 * <pre>{@code
 *   dh = s·dy·B      dx += dropoutBackward(dh·A)      dB += s·dyᵀ·(x̃·Aᵀ)      dA += dhᵀ·x̃
 * }</pre>
 *
 * x̃ is computed again. Gradients of adapters are summed segment by segment, in order.
 */
final class AdapterGradients {
    /** One segment's part in one kind: what its gradients are made of. */
    private record Part(Trained trained, float scaling, Tensor dy, Tensor h, Tensor dh, Tensor kept) {}

    private final Backend backend;
    private final Arithmetic arithmetic;

    AdapterGradients(Backend backend, Arithmetic arithmetic) {
        this.backend = backend;
        this.arithmetic = arithmetic;
    }

    /** Adds to dx and to the adapters' gradients. */
    void add(Tensor dx, List<Tensor> dys, Tensor x, int layer, List<LinearKind> kinds, Batch batch) {
        List<List<Product>> rows = new ArrayList<>();
        List<Part> parts = new ArrayList<>();
        List<Runnable> dropped = new ArrayList<>();
        for (AdaptedRows segment : AdaptedRows.segments(batch)) {
            int chains = Math.ceilDiv(segment.count(), AdapterProducts.CHAIN_ROWS);
            List<List<Product>> pieces = new ArrayList<>();
            for (int i = 0; i < chains; i++) {
                pieces.add(new ArrayList<>());
            }
            for (int i = 0; i < kinds.size(); i++) {
                LinearKind kind = kinds.get(i);
                Optional<Pair> pair = segment.adapter().pair(layer, kind);
                if (pair.isPresent()) {
                    Part part = part(pair.get(), dys.get(i), x, layer, kind, segment);
                    parts.add(part);
                    Tensor into = upstream(dx, segment, layer, kind, dropped);
                    chain(pieces, part, into, pair.get());
                }
            }
            rows.addAll(pieces);
        }
        if (!parts.isEmpty()) {
            backend.multiply(rows, arithmetic);
            dropped.forEach(Runnable::run);
            backend.multiply(gradients(parts), arithmetic);
        }
    }

    private Part part(Pair pair, Tensor dy, Tensor x, int layer, LinearKind kind, AdaptedRows segment) {
        Trained trained = pair.trained()
                .orElseThrow(() -> new IllegalStateException("an adapter that is only read has no backward pass"));
        return new Part(
                trained,
                pair.scaling(),
                segment.of(backend, dy),
                backend.allocateUnset(segment.count(), pair.rank()),
                backend.allocateUnset(segment.count(), pair.rank()),
                segment.input(backend, x, layer, kind));
    }

    /** Where dh·A is added: dx's own rows, or a tensor that passes the mask afterwards. */
    private Tensor upstream(Tensor dx, AdaptedRows segment, int layer, LinearKind kind, List<Runnable> dropped) {
        Tensor rows = segment.of(backend, dx);
        return segment.mask(layer, kind)
                .map(mask -> {
                    Tensor dKept = backend.allocate(rows.rows(), rows.columns());
                    dropped.add(() -> backend.dropoutBackward(rows, dKept, mask));
                    return dKept;
                })
                .orElse(rows);
    }

    /** dh, its part of dx, and h again, piece by piece. */
    private void chain(List<List<Product>> pieces, Part part, Tensor into, Pair pair) {
        for (int i = 0; i < pieces.size(); i++) {
            int from = i * AdapterProducts.CHAIN_ROWS;
            int count = Math.min(AdapterProducts.CHAIN_ROWS, part.dy().rows() - from);
            Tensor dh = backend.rows(part.dh(), from, count);
            TensorFactor a = new TensorFactor(part.trained().a(), Operand.PLAIN);
            TensorFactor b = new TensorFactor(part.trained().b(), Operand.PLAIN);
            pieces.get(i).add(Product.into(dh, backend.rows(part.dy(), from, count), b, part.scaling()));
            pieces.get(i).add(Product.adding(backend.rows(into, from, count), dh, a, 1));
            Tensor h = backend.rows(part.h(), from, count);
            pieces.get(i).add(Product.into(h, backend.rows(part.kept(), from, count), pair.shrink(), 1));
        }
    }

    /** A chain adds to one gradient. */
    private static List<List<Product>> gradients(List<Part> parts) {
        Map<Tensor, List<Product>> chains = new LinkedHashMap<>();
        for (Part part : parts) {
            Trained trained = part.trained();
            TensorFactor h = new TensorFactor(part.h(), Operand.PLAIN);
            TensorFactor kept = new TensorFactor(part.kept(), Operand.PLAIN);
            chains.computeIfAbsent(trained.bGradient(), gradient -> new ArrayList<>())
                    .add(Product.addingTransposed(trained.bGradient(), part.dy(), h, part.scaling()));
            chains.computeIfAbsent(trained.aGradient(), gradient -> new ArrayList<>())
                    .add(Product.addingTransposed(trained.aGradient(), part.dh(), kept, 1));
        }
        return List.copyOf(chains.values());
    }
}
