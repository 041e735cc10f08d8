package io.livegraft.gpu.generation;

import io.livegraft.gpu.backend.Draw.Adjustment;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** How often an answer has drawn each token, and what is added to logits for that. */
final class DrawnCounts {
    private final LogitAdjustment adjustment;
    private final Map<Integer, Integer> counts = new HashMap<>();
    private final Map<Integer, Adjustment> adjustments = new LinkedHashMap<>();

    DrawnCounts(LogitAdjustment adjustment) {
        this.adjustment = adjustment;
        adjustment.bias().forEach((token, bias) -> adjustments.put(token, new Adjustment(token, bias.floatValue(), 0)));
    }

    /** As of now. */
    List<Adjustment> adjustments() {
        return List.copyOf(adjustments.values());
    }

    void drawn(int token) {
        if (adjustment.penalizes()) {
            float penalty = (float) adjustment.penalty(counts.merge(token, 1, Integer::sum));
            adjustments.merge(
                    token,
                    new Adjustment(token, 0, penalty),
                    (before, _) -> new Adjustment(token, before.bias(), penalty));
        }
    }
}
