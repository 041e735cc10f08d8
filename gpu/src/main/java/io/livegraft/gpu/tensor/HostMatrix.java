package io.livegraft.gpu.tensor;

import java.util.Arrays;

/**
 * A float32 matrix, row-major, in an array of host memory that may hold more; whoever gets it only reads the values.
 *
 * @param offset of the first element, in floats
 */
public record HostMatrix(float[] values, int offset, int rows, int columns) {
    public HostMatrix {
        if (offset < 0 || rows < 0 || columns < 0 || offset + (long) rows * columns > values.length) {
            throw new IllegalArgumentException(
                    "(%d, %d) from %d on is not within %d values".formatted(rows, columns, offset, values.length));
        }
    }

    public static HostMatrix of(HostTensor tensor) {
        return new HostMatrix(tensor.values(), 0, tensor.rows(), tensor.columns());
    }

    public int size() {
        return rows * columns;
    }

    /** Where a row begins. */
    public int row(int row) {
        return offset + row * columns;
    }

    /** In an array of its own. */
    public HostTensor copy() {
        return HostTensor.matrix(rows, columns, Arrays.copyOfRange(values, offset, offset + size()));
    }
}
