package io.livegraft.gpu.transformer;

import io.livegraft.gpu.backend.LinearWeight;
import io.livegraft.gpu.backend.Tensor;

/** The base's own part of a linear layer: {@code y (N,out) = x (N,in) · wᵀ} with w (out, in), without its bias. */
public sealed interface Linear {
    /** Part of a shared base: never changes, has no gradient. */
    record Frozen(LinearWeight weight) implements Linear {
        @Override
        public long bytes() {
            return weight.bytes();
        }
    }

    /** Full-parameter training: weight and gradient (out, in). */
    record Trained(Tensor weight, Tensor gradient) implements Linear {
        @Override
        public long bytes() {
            return weight.bytes();
        }
    }

    /** Memory of the weight, without its gradient. */
    long bytes();
}
