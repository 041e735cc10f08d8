package io.livegraft.gpu.optimizer;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.tensor.ParameterLayout;

/**
 * AdamW over all parameters of a layout, with its moments beside it; values and gradients are flat tensors (1,P) in the
 * layout's order. The formula is {@link Backend#adamW}'s.
 */
public sealed interface AdamW permits FloatAdamW, BlockwiseAdamW {
    /**
     * One step, clipping included; deterministic in every form.
     *
     * @param stepsTaken 0 for the first step
     * @param settings their {@link OptimizerSettings#moments()} counted when this was made
     */
    void step(Tensor values, Tensor gradients, OptimizerSettings settings, long stepsTaken, double gradientNorm);

    /** A copy in host memory. */
    Moments moments();

    /** Goes on from {@code moments}, in the form that is wanted now. */
    static AdamW of(Backend backend, ParameterLayout layout, Moments moments, MomentPrecision precision) {
        return switch (moments.in(precision, layout)) {
            case Moments.Float32 plain -> new FloatAdamW(backend, layout, plain);
            case Moments.Blockwise blockwise -> new BlockwiseAdamW(backend, layout, blockwise);
        };
    }
}
