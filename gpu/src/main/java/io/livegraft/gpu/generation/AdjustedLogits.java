package io.livegraft.gpu.generation;

import java.util.HashMap;
import java.util.Map;

/** Adjusts logits for one draw and takes that back after it: others read them too. */
final class AdjustedLogits {
    private final LogitAdjustment adjustment;
    private final Map<Integer, Integer> counts = new HashMap<>();
    private final Map<Integer, Float> unadjusted = new HashMap<>();

    AdjustedLogits(LogitAdjustment adjustment) {
        this.adjustment = adjustment;
    }

    void adjust(float[] logits) {
        adjustment.bias().forEach((token, value) -> add(logits, token, value));
        counts.forEach((token, count) -> add(logits, token, adjustment.penalty(count)));
    }

    private void add(float[] logits, int token, double value) {
        unadjusted.putIfAbsent(token, logits[token]);
        logits[token] += (float) value;
    }

    void restore(float[] logits) {
        unadjusted.forEach((token, value) -> logits[token] = value);
        unadjusted.clear();
    }

    void drawn(int token) {
        if (adjustment.penalizes()) {
            counts.merge(token, 1, Integer::sum);
        }
    }
}
