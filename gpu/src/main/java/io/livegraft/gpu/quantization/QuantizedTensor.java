package io.livegraft.gpu.quantization;

import io.livegraft.gpu.tensor.HostTensor;
import io.livegraft.gpu.tensor.Precision;

/** A weight (rows, columns) in fewer bits; row-major, arrays are not to be changed. */
public sealed interface QuantizedTensor permits BlockTensor, RowTensor {
    int rows();

    int columns();

    /** What it was quantized to, or would be. */
    QuantizationFormat format();

    /** The precision that it has, whatever its block size. */
    default Precision precision() {
        return format().precision();
    }

    /** Memory that values and scales take. */
    long bytes();

    /** What the weight has become, in float32. */
    HostTensor dequantize();
}
