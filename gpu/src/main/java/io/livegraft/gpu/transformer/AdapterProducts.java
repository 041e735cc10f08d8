package io.livegraft.gpu.transformer;

import io.livegraft.gpu.backend.Arithmetic;
import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.DropoutMask;
import io.livegraft.gpu.backend.Operand;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.lora.LoraConfig;
import io.livegraft.gpu.transformer.AdapterTensors.Gradients;
import io.livegraft.gpu.transformer.AdapterTensors.Pair;
import java.util.Optional;

/**
 * What an adapter adds to one linear layer, for the rows of one segment.
 *
 * <pre>{@code
 *   y  += s·(x̃·Aᵀ)·Bᵀ                                      x̃ = dropout(x), or x where nothing is dropped
 *   dx += dropoutBackward(s·(dy·B)·A)        dB += s·dyᵀ·(x̃·Aᵀ)        dA += s·(dy·B)ᵀ·x̃
 *   x (N,in)   y (N,out)   A (r,in)   B (out,r)
 * }</pre>
 *
 * A mask follows from the segment's seed, the layer and the kind, and counts from the segment's first row; x̃ is computed again
 * in the backward pass.
 */
final class AdapterProducts {
    private final Backend backend;
    private final Arithmetic arithmetic;

    AdapterProducts(Backend backend, Arithmetic arithmetic) {
        this.backend = backend;
        this.arithmetic = arithmetic;
    }

    void forward(Tensor y, Tensor x, Pair pair, Optional<DropoutMask> mask) {
        Tensor h = shrink(dropped(x, mask), pair);
        backend.multiply(y, h, Operand.PLAIN, pair.b(), Operand.TRANSPOSED, pair.scaling(), true, arithmetic);
    }

    void backward(Tensor dx, Tensor dy, Tensor x, Pair pair, Optional<DropoutMask> mask) {
        Tensor dh = backend.allocate(dy.rows(), pair.a().rows());
        backend.multiply(dh, dy, Operand.PLAIN, pair.b(), Operand.PLAIN, pair.scaling(), false, arithmetic);
        if (pair.gradients().isPresent()) {
            Gradients gradients = pair.gradients().get();
            Tensor kept = dropped(x, mask);
            Tensor h = shrink(kept, pair);
            backend.multiply(gradients.b(), dy, Operand.TRANSPOSED, h, Operand.PLAIN, pair.scaling(), true, arithmetic);
            backend.multiply(gradients.a(), dh, Operand.TRANSPOSED, kept, Operand.PLAIN, 1, true, arithmetic);
        }
        if (mask.isPresent()) {
            Tensor dKept = backend.allocate(x.rows(), x.columns());
            backend.multiply(dKept, dh, Operand.PLAIN, pair.a(), Operand.PLAIN, 1, false, arithmetic);
            backend.dropoutBackward(dx, dKept, mask.get());
        } else {
            backend.multiply(dx, dh, Operand.PLAIN, pair.a(), Operand.PLAIN, 1, true, arithmetic);
        }
    }

    /** Empty where nothing is dropped: in serving and evaluation, and for adapters without dropout. */
    static Optional<DropoutMask> mask(Segment segment, int layer, LinearKind kind) {
        double probability = segment.adapter().map(AdapterTensors::dropout).orElse(0.0);
        if (probability == 0 || segment.dropoutSeed().isEmpty()) {
            return Optional.empty();
        }
        int tensor = layer * LoraConfig.ALL_LINEAR.size() + LoraConfig.ALL_LINEAR.indexOf(kind.module());
        return Optional.of(DropoutMask.of(probability, segment.dropoutSeed().getAsLong(), tensor));
    }

    private Tensor dropped(Tensor x, Optional<DropoutMask> mask) {
        if (mask.isEmpty()) {
            return x;
        }
        Tensor kept = backend.allocate(x.rows(), x.columns());
        backend.dropout(kept, x, mask.get());
        return kept;
    }

    /** {@code x·Aᵀ} (N,r). */
    private Tensor shrink(Tensor x, Pair pair) {
        Tensor h = backend.allocate(x.rows(), pair.a().rows());
        backend.multiply(h, x, Operand.PLAIN, pair.a(), Operand.TRANSPOSED, 1, false, arithmetic);
        return h;
    }
}
