package io.livegraft.gpu.quantization;

import io.livegraft.gpu.tensor.HostTensor;
import io.livegraft.gpu.tensor.Precision;

/** A weight (rows, columns) in fewer bits; row-major, arrays are not to be changed. */
public sealed interface QuantizedTensor permits BlockTensor, RowTensor {
    int rows();

    int columns();

    /** The form it would have been quantized to; block sizes aside. */
    Precision precision();

    /** Memory that values and scales take. */
    long bytes();

    /** What the weight has become, in float32. */
    HostTensor dequantize();

    /** Quantizes a matrix in blocks of the default size or rows; refuses values that are not finite. */
    static QuantizedTensor quantize(HostTensor weight, Precision precision) {
        return switch (precision) {
            case NF4 -> BlockTensor.quantize(weight, Codebook.NF4, BlockTensor.DEFAULT_BLOCK_SIZE, true);
            case NF4_SINGLE -> BlockTensor.quantize(weight, Codebook.NF4, BlockTensor.DEFAULT_BLOCK_SIZE, false);
            case FP4 -> BlockTensor.quantize(weight, Codebook.FP4, BlockTensor.DEFAULT_BLOCK_SIZE, true);
            case INT4 -> BlockTensor.quantize(weight, Codebook.INT4, BlockTensor.DEFAULT_BLOCK_SIZE, false);
            case INT8 -> RowTensor.quantize(weight);
            case FP32, BF16 -> throw new IllegalArgumentException(precision + " is no quantized form");
        };
    }
}
