package io.livegraft.gpu.backend;

/**
 * Of each row of some logits the largest: {@link Backend#largest}.
 *
 * @param ids which it is, the lowest of equal ones
 * @param values what it is
 */
public record LargestLogits(int[] ids, float[] values) {
    /** Of one row in host memory. */
    public static int idOf(float[] logits) {
        int best = 0;
        for (int id = 1; id < logits.length; id++) {
            if (logits[id] > logits[best]) {
                best = id;
            }
        }
        return best;
    }
}
