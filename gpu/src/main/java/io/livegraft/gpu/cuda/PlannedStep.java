package io.livegraft.gpu.cuda;

import io.livegraft.gpu.backend.BlockwiseState;
import io.livegraft.gpu.backend.Offloadable;
import io.livegraft.gpu.model.ModelConfig;
import io.livegraft.gpu.optimizer.Moments;
import io.livegraft.gpu.optimizer.TensorMoments;
import io.livegraft.gpu.tensor.ParameterLayout;
import io.livegraft.gpu.transformer.GradientCheckpointing;
import java.util.EnumMap;
import java.util.Map;

/**
 * Where the device's memory goes in a training step under one policy.
 *
 * @param device bytes of the parts, all at a time
 * @param hostBytes page-locked in the host: moments and blocks' inputs are never there together
 */
public record PlannedStep(TrainingPolicy policy, Map<Part, Long> device, long hostBytes) {

    /** Rows of the table. */
    public enum Part {
        WEIGHTS("weights"),
        CACHES("keys and values"),
        METADATA("launches and rotations"),
        ADAPTER("adapter"),
        GRADIENTS("gradients"),
        MOMENTS("moments"),
        ACTIVATIONS("activations kept"),
        LOGITS("logits of a chunk"),
        /** Of one block, and what stacks leave unused. */
        WORKSPACES("workspaces");

        private final String label;

        Part(String label) {
            this.label = label;
        }

        String label() {
            return label;
        }
    }

    static PlannedStep of(TrainingShape shape, MemoryLimits limits, TrainingPolicy policy) {
        ModelConfig config = shape.config();
        long parameters = 4L * shape.layout().size();
        long moments = Moments.bytes(shape.moments(), shape.layout());
        boolean momentsHere = !policy.offloads(Offloadable.MOMENTS);
        long activations = activations(shape, policy);
        Map<Part, Long> parts = new EnumMap<>(Part.class);
        parts.put(Part.WEIGHTS, BaseBytes.of(config, shape.precision()));
        parts.put(Part.CACHES, limits.cacheBytes());
        parts.put(Part.METADATA, BaseBytes.block(limits.metadataBytes()) + rotations(shape));
        parts.put(Part.ADAPTER, parameters);
        parts.put(Part.GRADIENTS, parameters);
        parts.put(Part.MOMENTS, momentsHere ? moments : 0);
        parts.put(Part.ACTIVATIONS, activations);
        parts.put(Part.LOGITS, 4L * Math.min(StepRehearsal.HEAD_ROWS, shape.sequenceTokens()) * config.vocabSize());
        long step = parts.get(Part.ADAPTER)
                + parts.get(Part.GRADIENTS)
                + parts.get(Part.MOMENTS)
                + activations
                + parts.get(Part.LOGITS);
        parts.put(Part.WORKSPACES, new StepRehearsal(shape, policy).peakBytes() - step);
        return new PlannedStep(
                policy, parts, Math.max(momentsHere ? 0 : hostMoments(shape), checkpoints(shape, policy)));
    }

    private static long rotations(TrainingShape shape) {
        return BaseBytes.block(4L
                * CudaRotation.tablePositions(shape.sequenceTokens())
                * shape.config().headDim());
    }

    /** {@link GradientCheckpointing}'s formulas, the input of the first block and both ends of the final norm. */
    private static long activations(TrainingShape shape, TrainingPolicy policy) {
        ModelConfig c = shape.config();
        long attention = 2L * c.heads() * c.headDim() + 2L * c.kvHeads() * c.headDim();
        long norms = c.traits().queryKeyNorm() ? (long) (c.heads() + c.kvHeads()) * (c.headDim() + 1) : 0;
        long block =
                switch (policy.checkpointing()) {
                    case NONE -> 4L * c.hiddenSize() + attention + norms + 3L * c.intermediateSize() + 2;
                    case PARTIAL -> 3L * c.hiddenSize() + attention + norms + 1;
                    case FULL -> policy.offloads(Offloadable.CHECKPOINTS) ? 0 : c.hiddenSize();
                };
        long ends = policy.offloads(Offloadable.CHECKPOINTS) ? 3L * c.hiddenSize() : 2L * c.hiddenSize();
        return 4L * shape.sliceTokens() * (c.layers() * block + ends + 1);
    }

    /** They come once blocks' inputs are gone. */
    private static long hostMoments(TrainingShape shape) {
        return switch (shape.moments()) {
            case FLOAT32 -> 2 * HostMemory.block(4L * shape.layout().size());
            case BLOCKWISE8 ->
                shape.layout().entries().stream()
                        .mapToLong(ParameterLayout.Entry::size)
                        .filter(size -> size >= TensorMoments.SMALLEST_QUANTIZED)
                        .map(size -> 2
                                * (HostMemory.block(size)
                                        + HostMemory.block(4 * Math.ceilDiv(size, BlockwiseState.BLOCK))))
                        .sum();
        };
    }

    private static long checkpoints(TrainingShape shape, TrainingPolicy policy) {
        ModelConfig c = shape.config();
        return policy.offloads(Offloadable.CHECKPOINTS)
                ? HostMemory.block(4L * shape.sliceTokens() * c.layers() * c.hiddenSize())
                : 0;
    }

    /** All parts together. */
    public long deviceBytes() {
        return device.values().stream().mapToLong(Long::longValue).sum();
    }

    /** Of the device. */
    public long bytes(Part part) {
        return device.getOrDefault(part, 0L);
    }

    boolean fits(MemoryLimits limits) {
        return deviceBytes() <= limits.arenaBytes() && hostBytes <= limits.hostBytes();
    }
}
