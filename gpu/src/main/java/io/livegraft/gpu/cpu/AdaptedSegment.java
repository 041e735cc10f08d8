package io.livegraft.gpu.cpu;

import io.livegraft.gpu.backend.LowRankGradient;
import io.livegraft.gpu.backend.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Rows {@code start} to {@code start + count} of layers on the way back, and which of some gradients is each layer's.
 *
 * @param gradients of each layer, as an index; absent where it has no pair
 */
record AdaptedSegment(int start, int count, List<OptionalInt> gradients) {
    /**
     * What {@link AdaptedBackward} takes: gradients of all rows of dx and dys, segment by segment and in the layers' order, that read the
     * same x. Empty where it isn't so, or a segment has few rows.
     */
    static Optional<List<AdaptedSegment>> of(CpuTensor dx, List<CpuTensor> dys, List<LowRankGradient> gradients) {
        Map<Tensor, List<Integer>> groups = new LinkedHashMap<>();
        for (int i = 0; i < gradients.size(); i++) {
            groups.computeIfAbsent(gradients.get(i).dx(), _ -> new ArrayList<>())
                    .add(i);
        }
        List<AdaptedSegment> segments = new ArrayList<>();
        int row = 0;
        for (List<Integer> group : groups.values()) {
            LowRankGradient first = gradients.get(group.getFirst());
            int count = first.rows();
            if (count < TileProduct.LEAST_ROWS
                    || row + count > dx.rows()
                    || !first.dx().equals(dx.rowBlock(row, count))
                    || !group.stream().allMatch(i -> gradients.get(i).x().equals(first.x()))) {
                return Optional.empty();
            }
            List<OptionalInt> layers = layers(dys, row, count, gradients, group);
            if (layers.stream().filter(OptionalInt::isPresent).count() < group.size()) {
                return Optional.empty();
            }
            segments.add(new AdaptedSegment(row, count, layers));
            row += count;
        }
        return Optional.of(segments).filter(all -> endsAt(all, dx.rows()));
    }

    private static boolean endsAt(List<AdaptedSegment> segments, int rows) {
        return !segments.isEmpty()
                && segments.getLast().start() + segments.getLast().count() == rows;
    }

    /** The next gradient is the layer's whose dy it has. */
    private static List<OptionalInt> layers(
            List<CpuTensor> dys, int row, int count, List<LowRankGradient> gradients, List<Integer> group) {
        List<OptionalInt> layers = new ArrayList<>();
        int next = 0;
        for (CpuTensor dy : dys) {
            boolean has =
                    next < group.size() && gradients.get(group.get(next)).dy().equals(dy.rowBlock(row, count));
            layers.add(has ? OptionalInt.of(group.get(next)) : OptionalInt.empty());
            next += has ? 1 : 0;
        }
        return layers;
    }
}
