package io.livegraft.gpu.quality;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.backend.LinearWeight;
import io.livegraft.gpu.cpu.VectorBackend;
import io.livegraft.gpu.lora.LoraAdapter;
import io.livegraft.gpu.lora.LoraConfig;
import io.livegraft.gpu.model.ModelConfig;
import io.livegraft.gpu.optimizer.MomentPrecision;
import io.livegraft.gpu.optimizer.Moments;
import io.livegraft.gpu.tensor.HostTensor;
import io.livegraft.gpu.tensor.ParameterLayout;
import io.livegraft.gpu.tensor.Precision;
import io.livegraft.gpu.transformer.LinearKind;
import io.livegraft.gpu.transformer.TransformerWeights;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Memory of a model's shape under full fine-tuning and under QLoRA. The linear layers' bytes are those of one layer that was
 * really quantized (random weights: their bytes depend on the shape alone), times the layers; the rest is counted.
 *
 * @param parameters of the base
 * @param linearBytes of all linear layers in NF4 with double quantization
 * @param trainable parameters of an adapter on all seven linear kinds
 * @param attentionTrainable of one on q, k, v and o alone
 * @param full gradients and moments of full fine-tuning
 * @param adapter gradients and moments of QLoRA on all seven kinds
 */
public record ShapeMemory(
        String shape,
        long parameters,
        long linearBytes,
        double bitsPerWeight,
        int rank,
        long trainable,
        double trainableShare,
        long attentionTrainable,
        double attentionShare,
        TrainingBytes full,
        TrainingBytes adapter) {
    private static final List<String> ATTENTION = List.of("q_proj", "k_proj", "v_proj", "o_proj");

    /**
     * What training holds besides values and activations.
     *
     * @param gradients float32
     * @param moments in float32
     * @param moments8 in 8 bits
     */
    public record TrainingBytes(long gradients, long moments, long moments8) {
        static TrainingBytes of(ParameterLayout layout) {
            return new TrainingBytes(
                    4L * layout.size(),
                    Moments.bytes(MomentPrecision.FLOAT32, layout),
                    Moments.bytes(MomentPrecision.BLOCKWISE8, layout));
        }

        /** Gradients and float32 moments. */
        public long total() {
            return gradients + moments;
        }

        /** Gradients and 8-bit moments. */
        public long total8() {
            return gradients + moments8;
        }
    }

    /** How much smaller QLoRA's gradients and float32 moments are than those of full fine-tuning. */
    public double saved() {
        return 1 - (double) adapter.total() / full.total();
    }

    /** The same with 8-bit moments on both sides. */
    public double saved8() {
        return 1 - (double) adapter.total8() / full.total8();
    }

    public static ShapeMemory of(ModelShape shape, int rank) {
        ModelConfig config = shape.config();
        ParameterLayout base = TransformerWeights.layout(config);
        ParameterLayout all = LoraAdapter.layout(new LoraConfig(rank, rank, false, LoraConfig.ALL_LINEAR), config);
        ParameterLayout attention = LoraAdapter.layout(new LoraConfig(rank, rank, false, ATTENTION), config);
        long layerWeights = 0;
        long layerBytes = 0;
        try (Backend backend = new VectorBackend(1)) {
            for (LinearKind kind : LinearKind.values()) {
                LinearWeight weight = quantized(backend, config, kind);
                layerWeights += (long) weight.outputFeatures() * weight.inputFeatures();
                layerBytes += weight.bytes();
            }
        }
        return new ShapeMemory(
                shape.label(),
                base.size(),
                layerBytes * config.layers(),
                8.0 * layerBytes / layerWeights,
                rank,
                all.size(),
                (double) all.size() / base.size(),
                attention.size(),
                (double) attention.size() / base.size(),
                TrainingBytes.of(base),
                TrainingBytes.of(all));
    }

    private static LinearWeight quantized(Backend backend, ModelConfig config, LinearKind kind) {
        int out = config.outputFeatures(kind.module());
        int in = config.inputFeatures(kind.module());
        SplittableRandom random = new SplittableRandom(1);
        float[] values = new float[Math.multiplyExact(out, in)];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (random.nextDouble() - 0.5);
        }
        return backend.freeze(HostTensor.matrix(out, in, values), Precision.NF4);
    }
}
