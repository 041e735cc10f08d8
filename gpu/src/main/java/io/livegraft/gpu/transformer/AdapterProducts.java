package io.livegraft.gpu.transformer;

import io.livegraft.gpu.backend.Arithmetic;
import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.Product;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.transformer.AdapterTensors.Pair;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What adapters add to linear layers that read the same rows: every segment its own.
 *
 * <pre>{@code
 *   y += s·(x̃·Aᵀ)·Bᵀ      x̃ = dropout(x), or x where nothing is dropped
 *   x (N,in)   y (N,out)   A (r,in)   B (out,r)
 * }</pre>
 *
 * Segments, and pieces of long ones, are chains of products that run side by side; {@link AdapterGradients} is the way back.
 */
final class AdapterProducts {
    private final Backend backend;
    private final Arithmetic arithmetic;

    AdapterProducts(Backend backend, Arithmetic arithmetic) {
        this.backend = backend;
        this.arithmetic = arithmetic;
    }

    /** Adds to {@code ys}, one of each kind. */
    void forward(List<Tensor> ys, Tensor x, int layer, List<LinearKind> kinds, Batch batch) {
        List<List<Product>> chains = new ArrayList<>();
        for (AdaptedRows rows : batch.adapted()) {
            if (batch.adapted().size() == 1 && rows.count() <= backend.chainRows()) {
                for (int i = 0; i < kinds.size(); i++) {
                    chains.add(chain(List.of(ys.get(i)), x, layer, List.of(kinds.get(i)), rows));
                }
            } else {
                for (AdaptedRows piece : rows.pieces(backend.chainRows())) {
                    chains.add(chain(ys, x, layer, kinds, piece));
                }
            }
        }
        if (!chains.isEmpty()) {
            backend.multiply(chains, arithmetic);
        }
    }

    private List<Product> chain(List<Tensor> ys, Tensor x, int layer, List<LinearKind> kinds, AdaptedRows rows) {
        List<Product> chain = new ArrayList<>(2 * kinds.size());
        for (int i = 0; i < kinds.size(); i++) {
            Optional<Pair> adapted = rows.adapter().pair(layer, kinds.get(i));
            if (adapted.isPresent()) {
                Pair pair = adapted.get();
                Tensor h = backend.allocateUnset(rows.count(), pair.rank());
                chain.add(Product.into(h, rows.input(backend, x, layer, kinds.get(i)), pair.shrink(), 1));
                chain.add(Product.adding(rows.of(backend, ys.get(i)), h, pair.expand(), pair.scaling()));
            }
        }
        return chain;
    }
}
