package io.livegraft.gpu.transformer;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.KvCache;
import io.livegraft.gpu.backend.KvPages;
import io.livegraft.gpu.backend.Offloadable;
import io.livegraft.gpu.backend.Phase;
import io.livegraft.gpu.backend.SlicedWork;
import io.livegraft.gpu.backend.Tensor;
import io.livegraft.gpu.backend.Workspace;
import io.livegraft.gpu.lora.LoraAdapter;
import io.livegraft.gpu.model.ModelConfig;
import io.livegraft.gpu.transformer.TransformerBlock.Kept;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The decoder of a Llama-family base: token ids in, final hidden states and logits out, gradients back. */
public final class Transformer {
    /** A forward pass, and what it can be run backward with; made by {@link #infer} and {@link #record}. */
    public static final class Tape {
        private final Batch batch;
        private final Tensor hidden;
        private final Optional<Recording> recording;

        private Tape(Batch batch, Tensor hidden, Optional<Recording> recording) {
            this.batch = batch;
            this.hidden = hidden;
            this.recording = recording;
        }

        /** Final hidden states (N,C), normalised; they live as long as the tape. */
        public Tensor hidden() {
            return hidden;
        }

        /** First row of a segment in {@link #hidden()}. */
        public int start(int segment) {
            return batch.start(segment);
        }

        /** Activations held on the device until the backward pass, in bytes: what {@link GradientCheckpointing} saves. */
        public long bytes() {
            return hidden.bytes() + recording.map(Recording::bytes).orElse(0L);
        }
    }

    /** What {@link #backward} needs; it lies in a workspace of its own. */
    private record Recording(Workspace workspace, Blocks blocks, Tensor last, Tensor rstd) {
        long bytes() {
            return blocks.bytes() + last.bytes() + rstd.bytes();
        }
    }

    /** What is kept of all blocks. */
    private sealed interface Blocks {
        /** On the device, in memory. */
        long bytes();
    }

    private record OnDevice(List<Kept> blocks) implements Blocks {
        @Override
        public long bytes() {
            return blocks.stream().mapToLong(Kept::bytes).sum();
        }
    }

    /** @param room for the input of one block */
    private record OffDevice(OffloadedInputs inputs, Tensor room) implements Blocks {
        @Override
        public long bytes() {
            return room.bytes();
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
        return staging(adapter).finish();
    }

    /** The same in slices. */
    public SlicedWork<AdapterTensors> staging(LoraAdapter adapter) {
        return AdapterTensors.forServing(backend, adapter, weights.precision());
    }

    /** Room for one sequence of {@code capacity} tokens. */
    public KvCache allocateKvCache(int capacity) {
        ModelConfig config = config();
        return backend.allocateKvCache(
                config.layers(), config.kvHeads(), config.headDim(), capacity, weights.arithmetic());
    }

    /** Room for sequences of this base. */
    public KvPages allocateKvPages(int pages, int pageTokens) {
        ModelConfig config = config();
        return backend.allocateKvPages(
                config.layers(), config.kvHeads(), config.headDim(), pages, pageTokens, weights.arithmetic());
    }

    /** Feeds all segments, in order; the tape holds their final hidden states only. */
    public Tape infer(List<Segment> segments) {
        Batch batch = new Batch(segments);
        Tensor hidden = states(batch);
        try (Workspace workspace = backend.workspace();
                var _ = workspace.use()) {
            Tensor x = states(batch);
            Tensor y = states(batch);
            embed(x, batch.ids());
            for (int layer = 0; layer < config().layers(); layer++) {
                try (var _ = backend.temporaries()) {
                    block.infer(y, x, layer, batch);
                }
                Tensor read = x;
                x = y;
                y = read;
            }
            norms.forward(hidden, x, weights.finalNorm());
        }
        return new Tape(batch, hidden, Optional.empty());
    }

    /** As {@link #infer}, keeping what {@link #backward} needs. */
    public Tape record(List<Segment> segments) {
        Batch batch = new Batch(segments);
        Tensor hidden = states(batch);
        Workspace workspace = backend.workspace();
        try (var _ = workspace.use()) {
            Recording recording = block.keepsInputAlone() && backend.offloads(Offloadable.CHECKPOINTS)
                    ? recordOffDevice(workspace, hidden, batch)
                    : recordOnDevice(workspace, hidden, batch);
            return new Tape(batch, hidden, Optional.of(recording));
        } catch (RuntimeException refused) {
            workspace.close();
            throw refused;
        }
    }

    private Recording recordOnDevice(Workspace workspace, Tensor hidden, Batch batch) {
        Tensor x = states(batch);
        embed(x, batch.ids());
        List<Kept> kept = new ArrayList<>();
        for (int layer = 0; layer < config().layers(); layer++) {
            Tensor y = states(batch);
            kept.add(block.record(y, x, layer, batch));
            x = y;
        }
        Tensor rstd = norms.forward(hidden, x, weights.finalNorm());
        return new Recording(workspace, new OnDevice(kept), x, rstd);
    }

    /** Blocks' inputs leave in the order of the blocks, behind what makes them: one queue, nothing runs beside it. */
    private Recording recordOffDevice(Workspace workspace, Tensor hidden, Batch batch) {
        OffloadedInputs inputs = new OffloadedInputs(backend, config().layers(), batch.rows(), config().hiddenSize());
        Tensor x = states(batch);
        Tensor y = states(batch);
        embed(x, batch.ids());
        for (int layer = 0; layer < config().layers(); layer++) {
            inputs.keep(layer, x);
            block.record(y, x, layer, batch);
            Tensor read = x;
            x = y;
            y = read;
        }
        Tensor rstd = norms.forward(hidden, x, weights.finalNorm());
        return new Recording(workspace, new OffDevice(inputs, y), x, rstd);
    }

    /** Room for hidden states (N,C). */
    private Tensor states(Batch batch) {
        return backend.allocateUnset(batch.rows(), config().hiddenSize());
    }

    private void embed(Tensor x, int[] ids) {
        switch (weights.embedding()) {
            case Linear.Frozen(var table) -> backend.embed(x, table, ids);
            case Linear.Trained(var table, var gradient) -> backend.embed(x, table, ids);
        }
    }

    /** Logits (N,V) of hidden states (N,C), all of one phase. */
    public Tensor logits(Tensor hidden, Phase phase) {
        Tensor logits = backend.allocateUnset(hidden.rows(), config().vocabSize());
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

    private static Kept kept(Recording recording, int layer) {
        return switch (recording.blocks()) {
            case OnDevice(var blocks) -> blocks.get(layer);
            case OffDevice(var inputs, var room) -> {
                inputs.restore(room, layer);
                yield Kept.inputAlone(room);
            }
        };
    }

    /**
     * Adds into the gradients of all adapters and trained weights that took part; all segments must be whole. Once for each tape,
     * which ends what it keeps.
     */
    public void backward(Tape tape, Tensor dHidden) {
        Recording recording =
                tape.recording.orElseThrow(() -> new IllegalStateException("an inferred pass can't be run backward"));
        try (Workspace workspace = recording.workspace();
                var _ = workspace.use()) {
            Tensor d = backend.allocate(tape.batch.rows(), config().hiddenSize());
            norms.backward(d, dHidden, recording.last(), weights.finalNorm(), recording.rstd());
            for (int layer = config().layers() - 1; layer >= 0; layer--) {
                try (var _ = backend.temporaries()) {
                    block.backward(d, kept(recording, layer), layer, tape.batch);
                }
            }
            switch (weights.embedding()) {
                case Linear.Frozen _ -> {}
                case Linear.Trained(var table, var gradient) -> backend.embedBackward(gradient, d, tape.batch.ids());
            }
        }
    }
}
