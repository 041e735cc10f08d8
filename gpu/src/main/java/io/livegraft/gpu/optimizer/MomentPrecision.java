package io.livegraft.gpu.optimizer;

/** How AdamW's two moments are kept between steps. A step itself is always computed in float32. */
public enum MomentPrecision {
    /** 8 bytes per parameter. */
    FLOAT32,
    /** {@link BlockwiseCodes}: 2 bytes and 2/64 per parameter; small tensors stay float32. */
    BLOCKWISE8
}
