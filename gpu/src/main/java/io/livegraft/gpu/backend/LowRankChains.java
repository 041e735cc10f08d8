package io.livegraft.gpu.backend;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** {@link Backend#lowRank} and {@link Backend#lowRankBackward} by way of small products. */
final class LowRankChains {
    /** A part with room for h = x·Aᵀ and for dh. */
    private record Part(LowRankGradient of, Tensor h, Tensor dh) {}

    private LowRankChains() {}

    static void forward(Backend backend, List<Tensor> ys, List<LowRankRows> some, Arithmetic arithmetic) {
        try (var _ = backend.temporaries()) {
            List<List<Product>> chains = new ArrayList<>();
            for (LowRankRows rows : some) {
                if (some.size() == 1 && rows.count() <= backend.chainRows()) {
                    for (int i = 0; i < ys.size(); i++) {
                        List<Product> chain = new ArrayList<>();
                        forward(backend, ys.get(i), rows, i, 0, rows.count(), chain);
                        chains.add(chain);
                    }
                } else {
                    chains.addAll(pieces(backend, ys, rows));
                }
            }
            backend.multiply(chains, arithmetic);
        }
    }

    private static List<List<Product>> pieces(Backend backend, List<Tensor> ys, LowRankRows rows) {
        List<List<Product>> pieces = new ArrayList<>();
        int size = backend.chainRows();
        for (int row = 0; row < rows.count(); row += size) {
            List<Product> chain = new ArrayList<>(2 * ys.size());
            for (int i = 0; i < ys.size(); i++) {
                forward(backend, ys.get(i), rows, i, row, Math.min(size, rows.count() - row), chain);
            }
            pieces.add(chain);
        }
        return pieces;
    }

    /** Layer {@code layer}'s pair for rows {@code row} to {@code row + count} of x, if it has one. */
    private static void forward(
            Backend backend, Tensor y, LowRankRows rows, int layer, int row, int count, List<Product> chain) {
        Optional<LowRankPair> adapted = rows.pairs().get(layer);
        if (adapted.isPresent()) {
            LowRankPair pair = adapted.get();
            Tensor h = backend.allocateUnset(count, pair.rank());
            chain.add(Product.into(h, backend.rows(rows.x(), row, count), pair.shrink(), 1));
            chain.add(Product.adding(backend.rows(y, rows.start() + row, count), h, pair.expand(), pair.scaling()));
        }
    }

    static void backward(Backend backend, List<LowRankGradient> parts, Arithmetic arithmetic) {
        try (var _ = backend.temporaries()) {
            List<Part> some = new ArrayList<>();
            for (LowRankGradient part : parts) {
                Tensor h = backend.allocateUnset(part.rows(), part.rank());
                some.add(new Part(part, h, backend.allocateUnset(part.rows(), part.rank())));
            }
            backend.multiply(rows(backend, some), arithmetic);
            backend.multiply(gradients(some), arithmetic);
        }
    }

    /** dh, its part of dx, and h, in pieces; those of the same rows of dx one after the other. */
    private static List<List<Product>> rows(Backend backend, List<Part> parts) {
        int size = backend.chainRows();
        Map<Tensor, List<List<Product>>> chains = new LinkedHashMap<>();
        for (Part part : parts) {
            List<List<Product>> pieces = chains.computeIfAbsent(part.of().dx(), dx -> new ArrayList<>());
            for (int row = 0, i = 0; row < part.of().rows(); row += size, i++) {
                if (i == pieces.size()) {
                    pieces.add(new ArrayList<>());
                }
                int count = Math.min(size, part.of().rows() - row);
                pieces.get(i).addAll(piece(backend, part, row, count));
            }
        }
        return chains.values().stream().flatMap(List::stream).toList();
    }

    private static List<Product> piece(Backend backend, Part part, int row, int count) {
        LowRankGradient of = part.of();
        Tensor dh = backend.rows(part.dh(), row, count);
        Tensor h = backend.rows(part.h(), row, count);
        TensorFactor a = new TensorFactor(of.a(), Operand.PLAIN);
        TensorFactor b = new TensorFactor(of.b(), Operand.PLAIN);
        TensorFactor shrink = new TensorFactor(of.a(), Operand.TRANSPOSED);
        return List.of(
                Product.into(dh, backend.rows(of.dy(), row, count), b, of.scaling()),
                Product.adding(backend.rows(of.dx(), row, count), dh, a, 1),
                Product.into(h, backend.rows(of.x(), row, count), shrink, 1));
    }

    /** A chain adds to one gradient. */
    private static List<List<Product>> gradients(List<Part> parts) {
        Map<Tensor, List<Product>> chains = new LinkedHashMap<>();
        for (Part part : parts) {
            LowRankGradient of = part.of();
            TensorFactor h = new TensorFactor(part.h(), Operand.PLAIN);
            TensorFactor x = new TensorFactor(of.x(), Operand.PLAIN);
            chains.computeIfAbsent(of.bGradient(), gradient -> new ArrayList<>())
                    .add(Product.addingTransposed(of.bGradient(), of.dy(), h, of.scaling()));
            chains.computeIfAbsent(of.aGradient(), gradient -> new ArrayList<>())
                    .add(Product.addingTransposed(of.aGradient(), part.dh(), x, 1));
        }
        return List.copyOf(chains.values());
    }
}
