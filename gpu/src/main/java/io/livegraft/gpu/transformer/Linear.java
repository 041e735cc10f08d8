package io.livegraft.gpu.transformer;

import io.livegraft.gpu.backend.LinearWeight;
import io.livegraft.gpu.backend.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

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

    /** The weights, if all are frozen. */
    static Optional<List<LinearWeight>> frozen(List<Linear> linears) {
        List<LinearWeight> weights = new ArrayList<>(linears.size());
        for (Linear linear : linears) {
            switch (linear) {
                case Frozen(var weight) -> weights.add(weight);
                case Trained _ -> {
                    return Optional.empty();
                }
            }
        }
        return Optional.of(weights);
    }

    /** Memory of the weight, without its gradient. */
    long bytes();
}
