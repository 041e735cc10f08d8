package io.livegraft.gpu.safetensors;

import java.util.List;

/**
 * Where one tensor lies in a file.
 *
 * @param shape outermost dimension first; empty for a scalar
 * @param begin first byte, counted from the end of the header
 * @param end the byte behind the last
 */
public record TensorInfo(DType dtype, List<Long> shape, long begin, long end) {
    public TensorInfo {
        shape = List.copyOf(shape);
    }

    public long bytes() {
        return end - begin;
    }

    /** Product of the dimensions. */
    public long elements() {
        return shape.stream().mapToLong(Long::longValue).reduce(1, Math::multiplyExact);
    }
}
