package io.livegraft.gpu.cuda;

import io.livegraft.gpu.backend.Factor;
import io.livegraft.gpu.backend.LowRankPair;
import io.livegraft.gpu.backend.LowRankRows;
import io.livegraft.gpu.backend.Operand;
import io.livegraft.gpu.backend.Phase;
import io.livegraft.gpu.backend.TensorFactor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What adapters add to products of many rows, as further columns of these: {@code h} is made first, for all layers and adapters
 * together, then each layer is one product.
 *
 * <pre>{@code
 *   y[m,o] = Σ_k bf16(x[m,k]) · bf16(w[o,k]) + Σ_r bf16(s·h[m,r]) · bf16(B[o,r])      h[m,r] = Σ_k bf16(x[m,k]) · bf16(A[r,k])
 * }</pre>
 *
 * y is written once and never read. x is read once for its bfloat16 copy, and the copy once by each pair and each product; h is written
 * in float32 and copied, {@code r/in} of that.
 */
final class CudaAdapters {
    /** A pair's factors as weights (r,in) and (out,r), and room for h. */
    private record Piece(LowRankRows rows, int layer, LowRankPair pair, Bf16Matrix a, Bf16Matrix b, CudaTensor h) {}

    private final CudaDevice device;
    private final CudaRounding rounding;
    private final CudaChains chains;
    private final CudaProducts products;
    private final CudaAdapted adapted;

    CudaAdapters(CudaDevice device, CudaRounding rounding, CudaChains chains, CudaProducts products) {
        this.device = device;
        this.rounding = rounding;
        this.chains = chains;
        this.products = products;
        this.adapted = new CudaAdapted(device);
    }

    /** Adapters alone, in the bits that they have behind a product. */
    void add(List<CudaTensor> ys, List<LowRankRows> parts) {
        try (var _ = device.workspaces().scratch()) {
            List<List<CudaAdapted.Columns>> columns = columns(ys.size(), parts, Optional.empty());
            for (int i = 0; i < ys.size(); i++) {
                adapted.add(ys.get(i), columns.get(i));
            }
        }
    }

    void linear(List<CudaTensor> ys, CudaTensor x, List<CudaWeight> ws, List<LowRankRows> parts, Phase phase) {
        try (var _ = device.workspaces().scratch()) {
            Rounded rounded = new Rounded(x, rounding.rounded(x));
            products.linear(ys, x, rounded.copy(), ws, columns(ys.size(), parts, Optional.of(rounded)), phase);
        }
    }

    /** What layers read, and its copy in bfloat16. */
    private record Rounded(CudaTensor x, Bf16Matrix copy) {
        /** Of rows of x; empty for rows that lie elsewhere. */
        Optional<RowJobs.Input> rows(CudaTensor some) {
            long from = some.address() - x.address();
            return from >= 0 && from + some.bytes() <= x.bytes()
                    ? Optional.of(new RowJobs.Input(
                            copy.address() + from / (4L * x.columns()) * 2 * copy.stride(), some.rows(), copy.stride()))
                    : Optional.empty();
        }
    }

    /** Of each layer, in the order of the parts. */
    private List<List<CudaAdapted.Columns>> columns(int layers, List<LowRankRows> parts, Optional<Rounded> rounded) {
        List<Piece> pieces = pieces(parts);
        shrink(pieces, rounded);
        NarrowJobs narrow = new NarrowJobs(device, rounding);
        List<List<CudaAdapted.Columns>> columns = new ArrayList<>();
        for (int i = 0; i < layers; i++) {
            columns.add(new ArrayList<>());
        }
        for (Piece piece : pieces) {
            Bf16Matrix s = narrow.rounded(piece.h(), piece.pair().scaling());
            columns.get(piece.layer()).add(new CudaAdapted.Columns(piece.rows().start(), s, piece.b()));
        }
        narrow.launch();
        return columns;
    }

    private List<Piece> pieces(List<LowRankRows> parts) {
        NarrowJobs factors = new NarrowJobs(device, rounding);
        List<Piece> pieces = new ArrayList<>();
        for (LowRankRows rows : parts) {
            for (int i = 0; i < rows.pairs().size(); i++) {
                int layer = i;
                rows.pairs().get(i).ifPresent(pair -> {
                    CudaTensor h = device.workspaces().unset(rows.count(), pair.rank());
                    Bf16Matrix a = weight(factors, pair.shrink());
                    pieces.add(new Piece(rows, layer, pair, a, weight(factors, pair.expand()), h));
                });
            }
        }
        factors.launch();
        return pieces;
    }

    /** A right-hand side's transpose. */
    private static Bf16Matrix weight(NarrowJobs factors, Factor factor) {
        return switch (factor) {
            case CudaFactor(var w) -> w;
            case TensorFactor(var tensor, var operand) ->
                operand == Operand.TRANSPOSED
                        ? factors.rounded(CudaTensor.of(tensor), 1)
                        : factors.transposed(CudaTensor.of(tensor));
            default -> throw new IllegalArgumentException("no factor of this backend: " + factor);
        };
    }

    /** {@code h = x·Aᵀ}, from the copy of x where there is one. */
    private void shrink(List<Piece> pieces, Optional<Rounded> rounded) {
        RowJobs packed = new RowJobs();
        RowJobs plain = new RowJobs();
        for (Piece piece : pieces) {
            CudaTensor x = CudaTensor.of(piece.rows().x());
            Optional<RowJobs.Input> copy = rounded.flatMap(of -> of.rows(x));
            (copy.isPresent() ? packed : plain)
                    .add(
                            piece.a().address(),
                            piece.a().stride(),
                            piece.a().columns(),
                            copy.orElseGet(() -> RowJobs.Input.of(x)),
                            piece.h(),
                            1,
                            false);
        }
        chains.packed(packed);
        chains.adapted(plain);
    }
}
