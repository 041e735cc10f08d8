package io.livegraft.gpu.transformer;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.KvCache;
import io.livegraft.gpu.backend.Phase;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.lora.LoraAdapter;
import io.livegraft.gpu.model.ModelConfig;
import io.livegraft.gpu.transformer.Normalisation.Normalised;
import io.livegraft.gpu.transformer.TransformerBlock.Kept;
import io.livegraft.gpu.transformer.TransformerBlock.Pass;
import java.util.ArrayList;
import java.util.List;

/** The decoder of a Llama-family base: token ids in, final hidden states and logits out, gradients back. */
public final class Transformer {
    /** A forward pass that can be run backward; made by {@link #record}. */
    public static final class Tape {
        private final Batch batch;
        private final List<Kept> blocks;
        private final Tensor last;
        private final Normalised normalised;

        private Tape(Batch batch, List<Kept> blocks, Tensor last, Normalised normalised) {
            this.batch = batch;
            this.blocks = blocks;
            this.last = last;
            this.normalised = normalised;
        }

        /** Final hidden states (N,C), normalised. */
        public Tensor hidden() {
            return normalised.y();
        }

        /** First row of a segment in {@link #hidden()}. */
        public int start(int segment) {
            return batch.start(segment);
        }

        /** Activations held until the backward pass, in bytes: what {@link GradientCheckpointing} saves. */
        public long bytes() {
            return blocks.stream().mapToLong(Kept::bytes).sum() + last.bytes() + normalised.bytes();
        }
    }

    private final Backend backend;
    private final TransformerWeights weights;
    private final BaseProducts base;
    private final Normalisation norms;
    private final TransformerBlock block;

    /** Keeps all activations of a recorded pass. */
    public Transformer(Backend backend, TransformerWeights weights) {
        this(backend, weights, GradientCheckpointing.NONE);
    }

    public Transformer(Backend backend, TransformerWeights weights, GradientCheckpointing checkpointing) {
        this.backend = backend;
        this.weights = weights;
        this.base = new BaseProducts(backend);
        this.norms = new Normalisation(backend, weights.config().rmsNormEps());
        this.block = new TransformerBlock(backend, weights, new LinearLayers(backend, weights), norms, checkpointing);
    }

    public ModelConfig config() {
        return weights.config();
    }

    /** Brings an adapter that is only read onto the device. */
    public AdapterTensors stage(LoraAdapter adapter) {
        return AdapterTensors.forServing(backend, adapter, weights.arithmetic());
    }

    /** Room for one sequence of {@code capacity} tokens. */
    public KvCache allocateKvCache(int capacity) {
        ModelConfig config = config();
        return backend.allocateKvCache(config.layers(), config.kvHeads(), config.headDim(), capacity);
    }

    /** Feeds all segments, in order; the tape holds their final hidden states only. */
    public Tape infer(List<Segment> segments) {
        return run(new Batch(segments), false);
    }

    /** As {@link #infer}, keeping what {@link #backward} needs. */
    public Tape record(List<Segment> segments) {
        return run(new Batch(segments), true);
    }

    private Tape run(Batch batch, boolean keep) {
        Tensor x = backend.allocate(batch.rows(), config().hiddenSize());
        backend.embed(x, weights.embedding().weight(), batch.ids());
        List<Kept> kept = new ArrayList<>();
        for (int layer = 0; layer < config().layers(); layer++) {
            Pass pass = block.forward(x, layer, batch);
            x = pass.y();
            if (keep) {
                kept.add(pass.kept());
            }
        }
        return new Tape(batch, kept, x, norms.forward(x, weights.finalNorm()));
    }

    /** Logits (N,V) of hidden states (N,C), all of one phase. */
    public Tensor logits(Tensor hidden, Phase phase) {
        Tensor logits = backend.allocate(hidden.rows(), config().vocabSize());
        logits(logits, hidden, phase);
        return logits;
    }

    /** As {@link #logits(Tensor, Phase)}, into {@code logits} (N,V). */
    public void logits(Tensor logits, Tensor hidden, Phase phase) {
        base.forward(logits, hidden, weights.head(), phase);
    }

    /** Whether {@link #logitsBackward} adds to a gradient of the head, a sum over the rows of each call. */
    public boolean trainsHead() {
        return switch (weights.head()) {
            case Linear.Frozen _ -> false;
            case Linear.Trained _ -> true;
        };
    }

    /** {@code dHidden (N,C) += dLogits (N,V) · head}, and the head's own gradient where it is trained. */
    public void logitsBackward(Tensor dHidden, Tensor dLogits, Tensor hidden) {
        base.backward(dHidden, dLogits, hidden, weights.head());
    }

    /** Adds into the gradients of all adapters and trained weights that took part; all segments must be whole. */
    public void backward(Tape tape, Tensor dHidden) {
        Tensor d = backend.allocate(tape.batch.rows(), config().hiddenSize());
        norms.backward(d, dHidden, tape.last, weights.finalNorm(), tape.normalised.rstd());
        for (int layer = config().layers() - 1; layer >= 0; layer--) {
            block.backward(d, tape.blocks.get(layer), layer, tape.batch);
        }
        weights.embedding().gradient().ifPresent(dTable -> backend.embedBackward(dTable, d, tape.batch.ids()));
    }
}
