package io.livegraft.gpu.transformer;

import io.livegraft.gpu.backend.Arithmetic;
import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.LinearWeight;
import io.livegraft.gpu.backend.Operand;
import io.livegraft.gpu.backend.Phase;
import io.livegraft.gpu.backend.Tensor;
import java.util.ArrayList;
import java.util.List;

/** Products with the base's own weights, frozen or trained; the latter in float32. */
final class BaseProducts {
    private final Backend backend;

    BaseProducts(Backend backend) {
        this.backend = backend;
    }

    /** {@code y = x·Wᵀ}. */
    void forward(Tensor y, Tensor x, Linear linear, Phase phase) {
        forward(List.of(y), x, List.of(linear), phase);
    }

    /** Of several weights over the same rows. */
    void forward(List<Tensor> ys, Tensor x, List<Linear> linears, Phase phase) {
        List<Tensor> results = new ArrayList<>(ys.size());
        List<LinearWeight> frozen = new ArrayList<>(ys.size());
        for (int i = 0; i < ys.size(); i++) {
            switch (linears.get(i)) {
                case Linear.Frozen(var weight) -> {
                    results.add(ys.get(i));
                    frozen.add(weight);
                }
                case Linear.Trained(var weight, var gradient) ->
                    backend.multiply(
                            ys.get(i), x, Operand.PLAIN, weight, Operand.TRANSPOSED, 1, false, Arithmetic.FLOAT32);
            }
        }
        if (!frozen.isEmpty()) {
            backend.linear(results, x, frozen, phase);
        }
    }

    /** {@code dx += dy·W}, and {@code dW += dyᵀ·x} where W is trained. */
    void backward(Tensor dx, Tensor dy, Tensor x, Linear linear) {
        backward(dx, List.of(dy), x, List.of(linear), true);
    }

    /** Of several weights over the same rows, in their order: {@code dx = or += Σ_i dys[i]·W[i]}. */
    void backward(Tensor dx, List<Tensor> dys, Tensor x, List<Linear> linears, boolean accumulate) {
        boolean add = accumulate;
        List<Tensor> gradients = new ArrayList<>(dys.size());
        List<LinearWeight> frozen = new ArrayList<>(dys.size());
        for (int i = 0; i < dys.size(); i++) {
            Tensor dy = dys.get(i);
            switch (linears.get(i)) {
                case Linear.Frozen(var weight) -> {
                    gradients.add(dy);
                    frozen.add(weight);
                }
                case Linear.Trained(var weight, var gradient) -> {
                    backend.multiply(dx, dy, Operand.PLAIN, weight, Operand.PLAIN, 1, add, Arithmetic.FLOAT32);
                    add = true;
                    backend.multiply(gradient, dy, Operand.TRANSPOSED, x, Operand.PLAIN, 1, true, Arithmetic.FLOAT32);
                }
            }
        }
        if (!frozen.isEmpty()) {
            backend.linearBackward(dx, gradients, frozen, add);
        }
    }
}
