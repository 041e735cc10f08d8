package io.livegraft.gpu.quantization;

import io.livegraft.gpu.tensor.HostTensor;
import io.livegraft.gpu.tensor.Precision;

/** How weights are quantized. */
public sealed interface QuantizationFormat {
    /** Quantizes a matrix; refuses values that are not finite. */
    QuantizedTensor quantize(HostTensor weight);

    /** The precision that such weights have, whatever their block size. */
    Precision precision();

    /** What a precision means for a weight that is yet to be quantized: blocks are of 64. */
    static QuantizationFormat of(Precision precision) {
        return switch (precision) {
            case NF4 -> new Blocks(Codebook.NF4, BlockTensor.DEFAULT_BLOCK_SIZE, true);
            case NF4_SINGLE -> new Blocks(Codebook.NF4, BlockTensor.DEFAULT_BLOCK_SIZE, false);
            case FP4 -> new Blocks(Codebook.FP4, BlockTensor.DEFAULT_BLOCK_SIZE, true);
            case INT4 -> new Blocks(Codebook.INT4, BlockTensor.DEFAULT_BLOCK_SIZE, false);
            case INT8 -> new Rows();
            case FP32, BF16 -> throw new IllegalArgumentException(precision + " is no quantized form");
        };
    }

    /**
     * 4 bits a value, see {@link BlockTensor}.
     *
     * @param blockSize values per scale, a power of two from 32 to 4096
     * @param doubleQuantization whether the scales are quantized to 8 bits as well
     */
    record Blocks(Codebook codebook, int blockSize, boolean doubleQuantization) implements QuantizationFormat {
        public Blocks {
            if (!BlockTensor.isBlockSize(blockSize)) {
                throw new IllegalArgumentException(
                        "block size is %d, expected %s".formatted(blockSize, BlockTensor.blockSizes()));
            }
        }

        @Override
        public Precision precision() {
            return switch (codebook) {
                case NF4 -> doubleQuantization ? Precision.NF4 : Precision.NF4_SINGLE;
                case FP4 -> Precision.FP4;
                case INT4 -> Precision.INT4;
            };
        }

        @Override
        public QuantizedTensor quantize(HostTensor weight) {
            return BlockTensor.quantize(weight, codebook, blockSize, doubleQuantization);
        }
    }

    /** 8 bits a value, see {@link RowTensor}. */
    record Rows() implements QuantizationFormat {
        @Override
        public Precision precision() {
            return Precision.INT8;
        }

        @Override
        public QuantizedTensor quantize(HostTensor weight) {
            return RowTensor.quantize(weight);
        }
    }
}
