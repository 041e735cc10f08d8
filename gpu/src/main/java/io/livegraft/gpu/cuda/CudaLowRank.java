package io.livegraft.gpu.cuda;

import io.livegraft.gpu.backend.LowRankGradient;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The backward pass of adapters, {@link LowRankGradient}, all parts together: a handful of launches whatever their number. Operands of
 * {@code dh}, {@code h} and {@code dx} are rounded to bfloat16, those of the gradients are not.
 */
final class CudaLowRank {
    private static final int THREADS = 256;

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
    private final CudaGradients gradients;
    private final CudaKernel transpose;

    CudaLowRank(CudaDevice device, CudaRounding rounding, CudaChains chains) {
        this.device = device;
        this.rounding = rounding;
        this.chains = chains;
        this.gradients = new CudaGradients(device);
        this.transpose = device.kernel("low_rank", "transpose_to_bf16");
    }

    void backward(List<LowRankGradient> parts) {
        try (var _ = device.workspaces().scratch()) {
            List<Piece> pieces = pieces(parts);
            narrow(pieces);
            wide(pieces);
            gradients.add(sums(pieces));
        }
    }

    private List<Piece> pieces(List<LowRankGradient> parts) {
        Map<CudaTensor, Bf16Matrix> transposed = new LinkedHashMap<>();
        List<Piece> pieces = new ArrayList<>();
        for (LowRankGradient part : parts) {
            Bf16Matrix b = transposed.computeIfAbsent(CudaTensor.of(part.b()), this::room);
            Bf16Matrix a = transposed.computeIfAbsent(CudaTensor.of(part.a()), this::room);
            CudaTensor h = device.workspaces().unset(part.rows(), part.rank());
            pieces.add(new Piece(part, h, device.workspaces().unset(part.rows(), part.rank()), b, a));
        }
        transpose(transposed);
        return pieces;
    }

    private Bf16Matrix room(CudaTensor factor) {
        return rounding.unset(/* rows= */ factor.columns(), /* columns= */ factor.rows());
    }

    private void transpose(Map<CudaTensor, Bf16Matrix> factors) {
        List<long[]> jobs = new ArrayList<>();
        long most = 0;
        for (var factor : factors.entrySet()) {
            CudaTensor from = factor.getKey();
            Bf16Matrix to = factor.getValue();
            jobs.add(new long[] {from.address(), to.address(), from.rows(), from.columns(), to.stride()});
            most = Math.max(most, (long) to.rows() * to.stride());
        }
        transpose
                .arguments()
                .address(
                        device.longs(jobs.stream().flatMapToLong(Arrays::stream).toArray()))
                .launch(Math.toIntExact(Math.ceilDiv(most, THREADS)), 1, jobs.size(), THREADS, 0);
    }

    /** {@code dh = s·dy·B,  h = x·Aᵀ}. */
    private void narrow(List<Piece> pieces) {
        RowJobs dh = new RowJobs();
        RowJobs h = new RowJobs();
        for (Piece piece : pieces) {
            Bf16Matrix b = piece.bTransposed();
            CudaTensor a = CudaTensor.of(piece.of().a());
            RowJobs.Input dy = RowJobs.Input.of(piece.dy());
            dh.add(
                    b.address(),
                    b.stride(),
                    b.columns(),
                    dy,
                    piece.dh(),
                    piece.of().scaling(),
                    false);
            h.add(a.address(), a.columns(), a.columns(), RowJobs.Input.of(piece.x()), piece.h(), 1, false);
        }
        chains.adapted(dh);
        chains.trained(h);
    }

    /** {@code dx += dh·A}: parts that share dx one after the other. */
    private void wide(List<Piece> pieces) {
        List<RowJobs> turns = new ArrayList<>();
        Map<CudaTensor, Integer> turn = new LinkedHashMap<>();
        for (Piece piece : pieces) {
            int own = turn.merge(piece.dx(), 1, Integer::sum) - 1;
            while (turns.size() <= own) {
                turns.add(new RowJobs());
            }
            Bf16Matrix a = piece.aTransposed();
            turns.get(own).add(a.address(), a.stride(), a.columns(), RowJobs.Input.of(piece.dh()), piece.dx(), 1, true);
        }
        turns.forEach(chains::adapted);
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
