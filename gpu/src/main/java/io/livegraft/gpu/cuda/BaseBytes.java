package io.livegraft.gpu.cuda;

import io.livegraft.gpu.model.ModelConfig;
import io.livegraft.gpu.quantization.DoubleQuantization;
import io.livegraft.gpu.quantization.QuantizationFormat;
import io.livegraft.gpu.tensor.BasePrecision;
import io.livegraft.gpu.tensor.Precision;
import io.livegraft.gpu.transformer.LinearKind;

/**
 * What a frozen base takes of the device, by its shape alone, as {@code CudaWeights} lays it out: 4 bits in tiles of 16 x 64, 8 bits in
 * tiles of 16 x 32, scales beside them; its embedding in 16 bits.
 */
final class BaseBytes {
    private static final int LEVELS = 16;
    private static final int NESTED_MAP = 256;

    private BaseBytes() {}

    static long of(ModelConfig config, BasePrecision precision) {
        long linears = 0;
        for (LinearKind kind : LinearKind.values()) {
            linears += weight(
                    config.outputFeatures(kind.module()), config.inputFeatures(kind.module()), precision.linears());
        }
        Precision table = precision.head() == Precision.FP32 ? Precision.FP32 : Precision.BF16;
        boolean shared = config.tieWordEmbeddings() && table == precision.head();
        long embedding = shared ? 0 : weight(config.vocabSize(), config.hiddenSize(), table);
        return config.layers() * (linears + vectors(config))
                + block(4L * config.hiddenSize())
                + embedding
                + weight(config.vocabSize(), config.hiddenSize(), precision.head());
    }

    /** Norms and biases of a block. */
    private static long vectors(ModelConfig config) {
        long biases = 0;
        for (LinearKind kind : LinearKind.values()) {
            biases += config.biased(kind.module()) ? block(4L * config.outputFeatures(kind.module())) : 0;
        }
        long heads = config.traits().queryKeyNorm() ? 2 * block(4L * config.headDim()) : 0;
        return 2 * block(4L * config.hiddenSize()) + heads + biases;
    }

    /** Of bfloat16 copies of everything that is quantized: nothing is dequantized twice then. */
    static long copies(ModelConfig config, BasePrecision precision) {
        long linears = 0;
        for (LinearKind kind : LinearKind.values()) {
            linears +=
                    block(Bf16Matrix.bytes(config.outputFeatures(kind.module()), config.inputFeatures(kind.module())));
        }
        long head = block(Bf16Matrix.bytes(config.vocabSize(), config.hiddenSize()));
        return (precision.linears().quantized() ? config.layers() * linears : 0)
                + (precision.head().quantized() ? head : 0);
    }

    static long weight(int out, int in, Precision precision) {
        return switch (precision) {
            case FP32 -> block(4L * out * in);
            case BF16 -> block(Bf16Matrix.bytes(out, in));
            case INT8 -> tiles(out, in, CudaWeights.EIGHT_BIT_TILE) + block(4L * out);
            case NF4, NF4_SINGLE, FP4, INT4 -> fourBits(out, in, QuantizationFormat.of(precision));
        };
    }

    private static long fourBits(int out, int in, QuantizationFormat format) {
        long bytes = tiles(out, in, CudaWeights.FOUR_BIT_TILE) + block(4L * LEVELS);
        return switch (format) {
            case QuantizationFormat.Rows _ -> throw new IllegalArgumentException("8 bits a value");
            case QuantizationFormat.Blocks(var _, int size, boolean nested) -> {
                boolean ordered = in % CudaWeights.FOUR_BIT_TILE == 0 && size % CudaWeights.FOUR_BIT_TILE == 0;
                long scales = Math.ceilDiv((long) out * in, size);
                long places = ordered ? tileRows(out) * (in / CudaWeights.FOUR_BIT_TILE) : scales;
                yield nested
                        ? bytes
                                + block(places)
                                + block(4 * Math.ceilDiv(scales, DoubleQuantization.BLOCK))
                                + block(4L * NESTED_MAP)
                        : bytes + block(4 * places);
            }
        };
    }

    private static long tiles(int out, int in, int tileColumns) {
        return block(CudaTiles.bytes(out, in, tileColumns));
    }

    private static long tileRows(int out) {
        return (long) Math.ceilDiv(out, CudaWeights.TILE_ROWS) * CudaWeights.TILE_ROWS;
    }

    /** As {@link DeviceMemory} gives it. */
    static long block(long bytes) {
        return Math.max(1, Math.ceilDiv(bytes, DeviceMemory.ALIGNMENT)) * DeviceMemory.ALIGNMENT;
    }
}
