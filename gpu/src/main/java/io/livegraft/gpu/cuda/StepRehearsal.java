package io.livegraft.gpu.cuda;

import io.livegraft.gpu.backend.Arithmetic;
import io.livegraft.gpu.backend.BlockwiseState;
import io.livegraft.gpu.backend.Offloadable;
import io.livegraft.gpu.backend.Workspace;
import io.livegraft.gpu.model.ModelConfig;
import io.livegraft.gpu.optimizer.TensorMoments;
import io.livegraft.gpu.tensor.ParameterLayout;
import io.livegraft.gpu.tensor.Precision;
import io.livegraft.gpu.transformer.GradientCheckpointing;
import io.livegraft.gpu.transformer.LinearKind;
import java.util.ArrayList;
import java.util.List;

/**
 * A training step on the bookkeeping of the device's memory alone: every tensor is laid where the step would lay it, in its order, and
 * nothing is computed. So what stacks leave unused between their blocks is counted, too. Order: {@code TrainingCycle}, {@code
 * LossPass}, {@code Transformer}, and what each operation of this package needs for itself.
 */
final class StepRehearsal {
    /** Whose logits {@code HeadLoss} makes at a time. */
    static final int HEAD_ROWS = 256;

    private static final List<LinearKind> QUERY_KEY_VALUE =
            List.of(LinearKind.Q_PROJ, LinearKind.K_PROJ, LinearKind.V_PROJ);
    private static final List<LinearKind> GATE_UP = List.of(LinearKind.GATE_PROJ, LinearKind.UP_PROJ);

    private final TrainingShape shape;
    private final TrainingPolicy policy;
    private final ModelConfig c;
    private final int rows;
    private final int queries;
    private final int keys;
    private final DeviceMemory memory = new DeviceMemory(0, Long.MAX_VALUE / DeviceMemory.ALIGNMENT);
    private final CudaWorkspaces workspaces = new CudaWorkspaces(memory);
    private final List<CudaTensor> small = new ArrayList<>();

    StepRehearsal(TrainingShape shape, TrainingPolicy policy) {
        this.shape = shape;
        this.policy = policy;
        this.c = shape.config();
        this.rows = shape.sliceTokens();
        this.queries = c.heads() * c.headDim();
        this.keys = c.kvHeads() * c.headDim();
    }

    /** The most that the step's own tensors take, parameters and moments among them. */
    long peakBytes() {
        ParameterLayout layout = shape.layout();
        try (Workspace cycle = workspaces.workspace()) {
            try (var _ = cycle.use()) {
                push(1, layout.size());
                push(1, layout.size());
            }
            slice();
            try (var _ = cycle.use()) {
                update(layout);
            }
        }
        return memory.peakBytes();
    }

    private void slice() {
        try (Workspace slice = workspaces.workspace();
                Workspace tape = workspaces.workspace()) {
            try (var _ = slice.use()) {
                push(rows, c.hiddenSize());
            }
            try (var _ = tape.use()) {
                record();
            }
            try (var _ = slice.use()) {
                push(rows, c.hiddenSize());
            }
            headLoss();
            try (var _ = tape.use()) {
                backward();
            }
        }
    }

    private void record() {
        push(rows, c.hiddenSize());
        boolean offDevice = policy.offloads(Offloadable.CHECKPOINTS);
        if (offDevice) {
            push(rows, c.hiddenSize());
        }
        for (int layer = 0; layer < c.layers(); layer++) {
            if (!offDevice) {
                push(rows, c.hiddenSize());
            }
            block();
        }
        push(rows, 1);
    }

    private void block() {
        switch (policy.checkpointing()) {
            case NONE -> {
                attention();
                feedForward();
            }
            case PARTIAL -> {
                attention();
                try (var _ = workspaces.temporaries()) {
                    feedForward();
                }
            }
            case FULL -> {
                try (var _ = workspaces.temporaries()) {
                    attention();
                    feedForward();
                }
            }
        }
    }

    private void attention() {
        norm(rows, c.hiddenSize());
        push(rows, queries);
        push(rows, keys);
        push(rows, keys);
        linears(QUERY_KEY_VALUE);
        if (c.traits().queryKeyNorm()) {
            norm(rows * c.heads(), c.headDim());
            norm(rows * c.kvHeads(), c.headDim());
        }
        push(rows, queries);
        try (var _ = workspaces.temporaries()) {
            keysAndValues();
        }
        push(rows, c.hiddenSize());
        linears(List.of(LinearKind.O_PROJ));
    }

    private void activations() {
        norm(rows, c.hiddenSize());
        push(rows, c.intermediateSize());
        push(rows, c.intermediateSize());
        linears(GATE_UP);
        push(rows, c.intermediateSize());
    }

    private void feedForward() {
        activations();
        linears(List.of(LinearKind.DOWN_PROJ));
    }

    /** Over the same rows: their copy in 16 bits, what adapters shrink to, and one weight after the other. */
    private void linears(List<LinearKind> kinds) {
        Precision weight = shape.precision().linears();
        try (var _ = workspaces.temporaries()) {
            round(rows, in(kinds.getFirst()), weight);
            for (int sequence = 0; sequence < shape.sequences(); sequence++) {
                for (LinearKind kind : kinds) {
                    push(shape.sequenceTokens(), shape.rank());
                    if (rounded() && sequence == 0) {
                        bf16(shape.rank(), in(kind));
                        bf16(out(kind), shape.rank());
                    }
                }
            }
            narrow(kinds);
            kinds.forEach(kind -> dequantize(out(kind), in(kind), weight));
        }
    }

    /** What adapters make of each sequence's rows, in 16 bits. */
    private void narrow(List<LinearKind> kinds) {
        for (int i = 0; i < shape.sequences() * kinds.size() && rounded(); i++) {
            bf16(shape.sequenceTokens(), shape.rank());
        }
    }

    private void linearsBackward(List<LinearKind> kinds) {
        try (var _ = workspaces.temporaries()) {
            for (int sequence = 0; sequence < shape.sequences(); sequence++) {
                for (LinearKind kind : kinds) {
                    if (rounded() && sequence == 0) {
                        bf16(shape.rank(), out(kind));
                        bf16(in(kind), shape.rank());
                    }
                    push(shape.sequenceTokens(), shape.rank());
                    push(shape.sequenceTokens(), shape.rank());
                }
            }
            narrow(kinds);
            for (LinearKind kind : kinds) {
                try (var _ = workspaces.temporaries()) {
                    round(rows, out(kind), shape.precision().linears());
                    dequantize(out(kind), in(kind), shape.precision().linears());
                }
            }
            gradients(kinds);
        }
    }

    /** Of the adapters' factors, in parts. */
    private void gradients(List<LinearKind> kinds) {
        int slabs = shape.sequences() * Math.ceilDiv(shape.sequenceTokens(), CudaGradients.SLAB_ROWS);
        for (int i = 0; i < kinds.size() && rounded(); i++) {
            push(slabs, shape.rank() * out(kinds.get(i)));
            push(slabs, shape.rank() * in(kinds.get(i)));
        }
    }

    private boolean rounded() {
        return arithmetic() == Arithmetic.BFLOAT16;
    }

    private void headLoss() {
        int chunk = Math.min(HEAD_ROWS, shape.sequenceTokens());
        Precision head = shape.precision().head();
        try (Workspace workspace = workspaces.workspace();
                var _ = workspace.use()) {
            push(chunk, c.vocabSize());
            try (var _ = workspaces.temporaries()) {
                round(chunk, c.hiddenSize(), head);
                dequantize(c.vocabSize(), c.hiddenSize(), head);
            }
            try (var _ = workspaces.temporaries()) {
                push(chunk, 2);
            }
            try (var _ = workspaces.temporaries()) {
                round(chunk, c.vocabSize(), head);
                dequantize(c.vocabSize(), c.hiddenSize(), head);
            }
        }
    }

    /** The last block's is every block's. */
    private void backward() {
        push(rows, c.hiddenSize());
        try (var _ = workspaces.temporaries()) {
            if (policy.checkpointing() == GradientCheckpointing.FULL) {
                attention();
            }
            if (policy.checkpointing() != GradientCheckpointing.NONE) {
                activations();
            }
            push(rows, c.intermediateSize());
            linearsBackward(List.of(LinearKind.DOWN_PROJ));
            push(rows, c.hiddenSize());
            linearsBackward(GATE_UP);
            push(rows, queries);
            linearsBackward(List.of(LinearKind.O_PROJ));
            push(rows, queries);
            push(rows, keys);
            push(rows, keys);
            attentionBackward();
            if (c.traits().queryKeyNorm()) {
                push(rows, queries);
                push(rows, keys);
            }
            push(rows, c.hiddenSize());
            linearsBackward(QUERY_KEY_VALUE);
        }
    }

    private void attentionBackward() {
        try (var _ = workspaces.temporaries()) {
            keysAndValues();
            push(rows, queries);
            push(rows, c.heads());
            push(rows, c.heads());
            if (form() == CudaKvForm.BF16) {
                int columns = form().columns(c.headDim());
                push(rows * c.heads(), columns / 2);
                push(rows * c.heads(), columns / 2);
            }
        }
    }

    private void keysAndValues() {
        if (form() == CudaKvForm.BF16) {
            int columns = form().columns(c.headDim());
            push(c.kvHeads() * rows, columns / 2);
            push(c.kvHeads() * rows, columns / 2);
        }
    }

    private void update(ParameterLayout layout) {
        try (var _ = workspaces.temporaries()) {
            push(Math.ceilDiv(layout.size(), CudaOptimizer.PIECE), 2);
        }
        boolean onDevice = !policy.offloads(Offloadable.MOMENTS);
        try (var _ = workspaces.temporaries()) {
            switch (shape.moments()) {
                case FLOAT32 -> {
                    for (int moment = 0; moment < 2 && onDevice; moment++) {
                        push(1, layout.size());
                    }
                }
                case BLOCKWISE8 -> layout.entries().forEach(entry -> blockwise(entry.size(), onDevice));
            }
        }
    }

    /** A small tensor's moments stay float32 and come onto the device for the step. */
    private void blockwise(int size, boolean onDevice) {
        for (int moment = 0; moment < 2; moment++) {
            if (size < TensorMoments.SMALLEST_QUANTIZED) {
                small.add(workspaces.own(1, size, DeviceMemory.Use.TENSORS));
            } else if (onDevice) {
                push(1, Math.ceilDiv(size, Float.BYTES));
                push(1, Math.ceilDiv(size, BlockwiseState.BLOCK));
            }
        }
        if (size >= TensorMoments.SMALLEST_QUANTIZED) {
            push(1, 2 * BlockwiseState.BLOCK);
        }
    }

    private void norm(int count, int columns) {
        push(count, columns);
        push(count, 1);
    }

    /** Operands of products with weights that are not float32. */
    private void round(int count, int columns, Precision weight) {
        if (weight != Precision.FP32) {
            bf16(count, columns);
        }
    }

    private void dequantize(int out, int in, Precision weight) {
        try (var _ = workspaces.temporaries()) {
            if (weight.quantized()) {
                bf16(out, in);
            }
        }
    }

    private void bf16(int count, int columns) {
        push(count, Bf16Matrix.stride(columns) / 2);
    }

    private void push(int count, int columns) {
        workspaces.unset(count, columns);
    }

    private int out(LinearKind kind) {
        return c.outputFeatures(kind.module());
    }

    private int in(LinearKind kind) {
        return c.inputFeatures(kind.module());
    }

    private Arithmetic arithmetic() {
        return Arithmetic.beside(shape.precision().linears());
    }

    private CudaKvForm form() {
        return CudaKvForm.of(arithmetic(), c.headDim());
    }
}
