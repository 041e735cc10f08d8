package io.livegraft.gpu.backend;

import java.util.List;
import java.util.Optional;

/**
 * Rows of some linear layers' outputs, and what one adapter adds to them.
 *
 * @param x (N,in), what the layers read
 * @param start of the N rows in each output
 * @param pairs of each layer
 */
public record LowRankRows(Tensor x, int start, List<Optional<LowRankPair>> pairs) {
    public int count() {
        return x.rows();
    }
}
