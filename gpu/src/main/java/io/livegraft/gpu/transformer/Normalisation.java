package io.livegraft.gpu.transformer;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.transformer.TransformerWeights.Vectors;

/** Root-mean-square norms (formula: {@link Backend#rmsNorm}) and, where they are trained, their weights' gradients. */
final class Normalisation {
    /** {@code y} (N,C) and the reciprocal deviations (N,1) that the backward pass needs. */
    record Normalised(Tensor y, Tensor rstd) {
        long bytes() {
            return y.bytes() + rstd.bytes();
        }
    }

    private final Backend backend;
    private final float epsilon;

    Normalisation(Backend backend, float epsilon) {
        this.backend = backend;
        this.epsilon = epsilon;
    }

    Normalised forward(Tensor x, Vectors norm) {
        Tensor y = backend.allocateUnset(x.rows(), x.columns());
        return new Normalised(y, forward(y, x, norm));
    }

    /** Into {@code y}; returns the reciprocal deviations. */
    Tensor forward(Tensor y, Tensor x, Vectors norm) {
        Tensor rstd = backend.allocateUnset(x.rows(), 1);
        backend.rmsNorm(y, rstd, x, norm.weight(), epsilon);
        return rstd;
    }

    void backward(Tensor dx, Tensor dy, Tensor x, Vectors norm, Tensor rstd) {
        backend.rmsNormBackward(dx, dy, x, norm.weight(), rstd);
        norm.gradient().ifPresent(dw -> backend.rmsNormWeightBackward(dw, dy, x, rstd));
    }
}
