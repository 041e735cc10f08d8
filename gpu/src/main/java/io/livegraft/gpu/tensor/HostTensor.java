package io.livegraft.gpu.tensor;

import java.util.List;

/**
 * A float32 tensor in host memory, row-major.
 *
 * @param shape outermost dimension first
 * @param values one per element; not copied, the maker gives it away
 */
public record HostTensor(List<Integer> shape, float[] values) {
    public HostTensor {
        shape = List.copyOf(shape);
        long elements = shape.stream().mapToLong(Integer::longValue).reduce(1, Math::multiplyExact);
        if (elements != values.length) {
            throw new IllegalArgumentException(
                    "shape %s has %d elements but there are %d values".formatted(shape, elements, values.length));
        }
    }

    public static HostTensor matrix(int rows, int columns, float[] values) {
        return new HostTensor(List.of(rows, columns), values);
    }

    public static HostTensor vector(float[] values) {
        return new HostTensor(List.of(values.length), values);
    }

    public int rows() {
        return shape.getFirst();
    }

    /** Elements per row: the product of all dimensions but the first. */
    public int columns() {
        return shape.size() == 1 ? 1 : values.length / shape.getFirst();
    }
}
