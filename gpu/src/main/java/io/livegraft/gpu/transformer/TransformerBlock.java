package io.livegraft.gpu.transformer;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.Tensor;
import java.util.Optional;

/** One decoder block of Llama (Touvron et al., arXiv 2302.13971): {@link Attention}, then {@link FeedForward}. */
final class TransformerBlock {
    /** The input of a block and what a policy keeps for its backward pass. */
    record Kept(Tensor x, Optional<Attention.Activations> attention, Optional<FeedForward.Activations> feedForward) {
        static Kept inputAlone(Tensor x) {
            return new Kept(x, Optional.empty(), Optional.empty());
        }

        long bytes() {
            return x.bytes()
                    + attention.map(Attention.Activations::bytes).orElse(0L)
                    + feedForward.map(FeedForward.Activations::bytes).orElse(0L);
        }
    }

    private final Backend backend;
    private final Attention attention;
    private final FeedForward feedForward;
    private final GradientCheckpointing checkpointing;

    TransformerBlock(
            Backend backend,
            TransformerWeights weights,
            LinearLayers linears,
            Normalisation norms,
            GradientCheckpointing checkpointing) {
        this.backend = backend;
        this.attention = new Attention(backend, weights, linears, norms);
        this.feedForward = new FeedForward(backend, weights, linears, norms);
        this.checkpointing = checkpointing;
    }

    /** Writes the block's output y (N,C); its temporaries go with the scope that the caller is in. */
    void infer(Tensor y, Tensor x, int layer, Batch batch) {
        Attention.Activations first = attention.forward(x, layer, batch);
        feedForward.forward(y, first.output(), layer, batch);
    }

    /** Whether the policy keeps of a block what goes into it and nothing else. */
    boolean keepsInputAlone() {
        return checkpointing == GradientCheckpointing.FULL;
    }

    /** As {@link #infer}, keeping what the policy says and nothing else. */
    Kept record(Tensor y, Tensor x, int layer, Batch batch) {
        return switch (checkpointing) {
            case NONE -> {
                Attention.Activations first = attention.forward(x, layer, batch);
                yield new Kept(
                        x, Optional.of(first), Optional.of(feedForward.forward(y, first.output(), layer, batch)));
            }
            case PARTIAL -> {
                Attention.Activations first = attention.forward(x, layer, batch);
                try (var _ = backend.temporaries()) {
                    feedForward.forward(y, first.output(), layer, batch);
                }
                yield new Kept(x, Optional.of(first), Optional.empty());
            }
            case FULL -> {
                try (var _ = backend.temporaries()) {
                    infer(y, x, layer, batch);
                }
                yield Kept.inputAlone(x);
            }
        };
    }

    /** Turns {@code d}, the gradient of the block's output, into that of its input, in place. */
    void backward(Tensor d, Kept kept, int layer, Batch batch) {
        Attention.Activations first = kept.attention().orElseGet(() -> attention.forward(kept.x(), layer, batch));
        FeedForward.Activations second =
                kept.feedForward().orElseGet(() -> feedForward.activations(first.output(), layer, batch));
        feedForward.backward(d, first.output(), second, layer, batch);
        attention.backward(d, kept.x(), first, layer, batch);
    }
}
