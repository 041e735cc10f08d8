package io.livegraft.gpu.transformer;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.Tensor;
import java.util.Optional;

/** One decoder block of Llama (Touvron et al., arXiv 2302.13971): {@link Attention}, then {@link FeedForward}. */
final class TransformerBlock {
    /** The input of a block and what a policy keeps for its backward pass. */
    record Kept(Tensor x, Optional<Attention.Activations> attention, Optional<FeedForward.Activations> feedForward) {
        long bytes() {
            return x.bytes()
                    + attention.map(Attention.Activations::bytes).orElse(0L)
                    + feedForward.map(FeedForward.Activations::bytes).orElse(0L);
        }
    }

    /** The block's output, and what is kept. */
    record Pass(Tensor y, Kept kept) {}

    private final Attention attention;
    private final FeedForward feedForward;
    private final GradientCheckpointing checkpointing;

    TransformerBlock(
            Backend backend,
            TransformerWeights weights,
            LinearLayers linears,
            Normalisation norms,
            GradientCheckpointing checkpointing) {
        this.attention = new Attention(backend, weights, linears, norms);
        this.feedForward = new FeedForward(backend, weights, linears, norms);
        this.checkpointing = checkpointing;
    }

    Pass forward(Tensor x, int layer, Batch batch) {
        Attention.Activations first = attention.forward(x, layer, batch);
        FeedForward.Activations second = feedForward.activations(first.output(), layer, batch);
        Tensor y = feedForward.output(first.output(), second, layer, batch);
        return new Pass(
                y,
                switch (checkpointing) {
                    case NONE -> new Kept(x, Optional.of(first), Optional.of(second));
                    case PARTIAL -> new Kept(x, Optional.of(first), Optional.empty());
                    case FULL -> new Kept(x, Optional.empty(), Optional.empty());
                });
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
