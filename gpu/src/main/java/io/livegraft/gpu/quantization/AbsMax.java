package io.livegraft.gpu.quantization;

import io.livegraft.gpu.error.ErrorCode;
import io.livegraft.gpu.error.LivegraftException;

/** The largest magnitude of a run of values. */
public final class AbsMax {
    private AbsMax() {}

    /** Refuses a value that is not finite. */
    public static float of(float[] values, int begin, int end) {
        float largest = 0;
        for (int i = begin; i < end; i++) {
            if (!Float.isFinite(values[i])) {
                throw new LivegraftException(
                        ErrorCode.INVALID_MODEL,
                        "weight %d is %s, expected a finite value to quantize".formatted(i, values[i]));
            }
            largest = Math.max(largest, Math.abs(values[i]));
        }
        return largest;
    }
}
