package io.livegraft.gpu.cpu;

import io.livegraft.gpu.backend.LowRankGradient;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The way back through {@link AdaptedProduct}: {@link TileProduct}'s sums go on over the ranks of all layers, so that elements of dx have
 * the bits of one after the other and are written once, and dy is read once. Gradients are {@link LowRankProducts}'s, piece by piece.
 *
 * <pre>{@code
 *   dx[m,i] = Σ_l Σ_o bf16(dy_l[m,o]) · bf16(w_l[o,i]) + Σ_l Σ_r bf16(dh_l[m,r]) · bf16(A_l[r,i])
 * }</pre>
 */
final class AdaptedBackward {
    private static final int PIECE = LowRankPart.PIECE;

    private final Workers workers;
    private final LowRankProducts lowRank;
    private final ThreadLocal<AdaptedRowsBackward> threads;

    AdaptedBackward(Workers workers, ProductKernels kernels, LowRankProducts lowRank) {
        this.workers = workers;
        this.lowRank = lowRank;
        this.threads = ThreadLocal.withInitial(() -> new AdaptedRowsBackward(kernels));
    }

    /** Sets dx and adds to the gradients; false, and nothing is done, where this is no shorter way. */
    boolean run(
            CpuTensor dx,
            List<CpuTensor> dys,
            List<CpuLinearWeight> ws,
            List<LowRankGradient> gradients,
            LowRankProducts.Memory memory) {
        Optional<List<AdaptedSegment>> segments = AdaptedSegment.of(dx, dys, gradients);
        if (segments.isEmpty()) {
            return false;
        }
        List<LowRankPart> parts = lowRank.parts(gradients, memory);
        List<AdaptedRowsBackward.Rows> tasks = tasks(dx.rows(), segments.get(), parts);
        workers.run(tasks.size(), i -> threads.get().run(dx, dys, ws, tasks.get(i)));
        lowRank.add(parts);
        return true;
    }

    /** Whole pieces. */
    private List<AdaptedRowsBackward.Rows> tasks(int rows, List<AdaptedSegment> segments, List<LowRankPart> parts) {
        int each = TileProduct.taskRows(rows, workers.threads()) / PIECE * PIECE;
        List<AdaptedRowsBackward.Rows> tasks = new ArrayList<>();
        for (AdaptedSegment segment : segments) {
            List<Optional<LowRankPart>> layers = segment.gradients().stream()
                    .map(i -> i.isPresent() ? Optional.of(parts.get(i.getAsInt())) : Optional.<LowRankPart>empty())
                    .toList();
            for (int row = 0; row < segment.count(); row += each) {
                int count = Math.min(each, segment.count() - row);
                tasks.add(new AdaptedRowsBackward.Rows(segment.start(), row, count, layers));
            }
        }
        return tasks;
    }
}
