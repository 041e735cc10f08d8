package io.livegraft.gpu.cuda;

import io.livegraft.gpu.backend.LowRankGradient;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The backward pass of adapters, {@link LowRankGradient}, all parts together: a handful of launches whatever their number. Operands of
 * {@code dh}, {@code h} and {@code dx} are rounded to bfloat16, those of the gradients are not.
 *
 * <pre>{@code
 *   dx = Σ_l dy_l · w_l + Σ_l bf16(dh_l) · A_l      dh = s·dy·B      one chain of sums, the base's layers first
 * }</pre>
 */
final class CudaLowRank {
    /** A part with its room, and its factors laid out as weights. */
    private record Piece(
            LowRankGradient of, CudaTensor h, CudaTensor dh, Bf16Matrix bTransposed, Bf16Matrix aTransposed) {
        CudaTensor dx() {
            return CudaTensor.of(of.dx());
        }

        CudaTensor dy() {
            return CudaTensor.of(of.dy());
        }

        CudaTensor x() {
            return CudaTensor.of(of.x());
        }
    }

    private final CudaDevice device;
    private final CudaRounding rounding;
    private final CudaChains chains;
    private final CudaProducts products;
    private final CudaAdapted adapted;
    private final CudaGradients gradients;

    CudaLowRank(CudaDevice device, CudaRounding rounding, CudaChains chains, CudaProducts products) {
        this.device = device;
        this.rounding = rounding;
        this.chains = chains;
        this.products = products;
        this.adapted = new CudaAdapted(device);
        this.gradients = new CudaGradients(device);
    }

    /** Of adapters alone. */
    void backward(List<LowRankGradient> parts) {
        try (var _ = device.workspaces().scratch()) {
            List<Piece> pieces = pieces(parts);
            columns(pieces).forEach(adapted::add);
            gradients.add(sums(pieces));
        }
    }

    /** As above behind frozen weights, which set dx; parts that have other rows than dx's, where something was dropped, add to those. */
    void backward(CudaTensor dx, List<CudaTensor> dys, List<CudaWeight> ws, List<LowRankGradient> parts) {
        try (var _ = device.workspaces().scratch()) {
            List<Piece> pieces = pieces(parts);
            List<CudaAdapted.Columns> behind = new ArrayList<>();
            columns(pieces).forEach((rows, columns) -> {
                if (within(dx, rows)) {
                    int start = Math.toIntExact((rows.address() - dx.address()) / (4L * dx.columns()));
                    columns.forEach(some -> behind.add(some.from(start)));
                } else {
                    adapted.add(rows, columns);
                }
            });
            products.linearBackward(dx, dys, ws, false, behind);
            gradients.add(sums(pieces));
        }
    }

    private static boolean within(CudaTensor all, CudaTensor rows) {
        return rows.columns() == all.columns()
                && rows.address() >= all.address()
                && rows.address() + rows.bytes() <= all.address() + all.bytes();
    }

    /** {@code dh = s·dy·B,  h = x·Aᵀ}. */
    private List<Piece> pieces(List<LowRankGradient> parts) {
        NarrowJobs factors = new NarrowJobs(device, rounding);
        List<Piece> pieces = new ArrayList<>();
        for (LowRankGradient part : parts) {
            Bf16Matrix b = factors.transposed(CudaTensor.of(part.b()));
            Bf16Matrix a = factors.transposed(CudaTensor.of(part.a()));
            CudaTensor h = device.workspaces().unset(part.rows(), part.rank());
            pieces.add(new Piece(part, h, device.workspaces().unset(part.rows(), part.rank()), b, a));
        }
        factors.launch();
        RowJobs dh = new RowJobs();
        RowJobs h = new RowJobs();
        for (Piece piece : pieces) {
            Bf16Matrix b = piece.bTransposed();
            CudaTensor a = CudaTensor.of(piece.of().a());
            float scaling = piece.of().scaling();
            dh.add(b.address(), b.stride(), b.columns(), RowJobs.Input.of(piece.dy()), piece.dh(), scaling, false);
            h.add(a.address(), a.columns(), a.columns(), RowJobs.Input.of(piece.x()), piece.h(), 1, false);
        }
        chains.adapted(dh);
        chains.trained(h);
        return pieces;
    }

    /** {@code dx += dh·A}: by dx, in the order of the parts. */
    private Map<CudaTensor, List<CudaAdapted.Columns>> columns(List<Piece> pieces) {
        NarrowJobs narrow = new NarrowJobs(device, rounding);
        Map<CudaTensor, List<CudaAdapted.Columns>> columns = new LinkedHashMap<>();
        for (Piece piece : pieces) {
            Bf16Matrix dh = narrow.rounded(piece.dh(), 1);
            columns.computeIfAbsent(piece.dx(), _ -> new ArrayList<>())
                    .add(new CudaAdapted.Columns(0, dh, piece.aTransposed()));
        }
        narrow.launch();
        return columns;
    }

    /** {@code dB += s·dyᵀ·h,  dA += dhᵀ·x}. */
    private static List<CudaGradients.Part> sums(List<Piece> pieces) {
        List<CudaGradients.Part> parts = new ArrayList<>();
        for (Piece piece : pieces) {
            CudaTensor b = CudaTensor.of(piece.of().bGradient());
            CudaTensor a = CudaTensor.of(piece.of().aGradient());
            parts.add(new CudaGradients.Part(
                    b, piece.h(), piece.dy(), true, piece.of().scaling()));
            parts.add(new CudaGradients.Part(a, piece.dh(), piece.x(), false, 1));
        }
        return parts;
    }
}
