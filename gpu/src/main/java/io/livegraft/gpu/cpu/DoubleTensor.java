package io.livegraft.gpu.cpu;

import io.livegraft.gpu.backend.Operand;
import io.livegraft.gpu.backend.Tensor;

/**
 * The reference's tensor: a strided view of a double array, element (r, c) at {@code offset + r·rowStride + c·columnStride}.
 * What {@code Backend} calls a tensor is contiguous; transposed views and column blocks stay inside of the reference.
 */
record DoubleTensor(double[] data, int offset, int rowStride, int columnStride, int rows, int columns)
        implements Tensor {
    DoubleTensor {
        if (offset < 0 || rows < 0 || columns < 0) {
            throw new IllegalArgumentException("view (%d,%d) at %d is negative".formatted(rows, columns, offset));
        }
        long last = offset + (rows - 1L) * rowStride + (columns - 1L) * columnStride;
        if (rows > 0 && columns > 0 && last >= data.length) {
            throw new IllegalArgumentException(
                    "view (%d,%d) at %d does not fit in %d values".formatted(rows, columns, offset, data.length));
        }
    }

    static DoubleTensor contiguous(double[] data, int offset, int rows, int columns) {
        return new DoubleTensor(data, offset, columns, 1, rows, columns);
    }

    static DoubleTensor zeros(int rows, int columns) {
        return contiguous(new double[Math.multiplyExact(rows, columns)], 0, rows, columns);
    }

    static DoubleTensor of(Tensor tensor) {
        return (DoubleTensor) tensor;
    }

    double at(int row, int column) {
        return data[offset + row * rowStride + column * columnStride];
    }

    void set(int row, int column, double value) {
        data[offset + row * rowStride + column * columnStride] = value;
    }

    void increase(int row, int column, double by) {
        data[offset + row * rowStride + column * columnStride] += by;
    }

    DoubleTensor transposed() {
        return new DoubleTensor(data, offset, columnStride, rowStride, columns, rows);
    }

    DoubleTensor as(Operand operand) {
        return switch (operand) {
            case PLAIN -> this;
            case TRANSPOSED -> transposed();
        };
    }

    DoubleTensor rowBlock(int from, int count) {
        return new DoubleTensor(data, offset + from * rowStride, rowStride, columnStride, count, columns);
    }

    DoubleTensor columnBlock(int from, int count) {
        return new DoubleTensor(data, offset + from * columnStride, rowStride, columnStride, rows, count);
    }

    DoubleTensor requireShape(int rows, int columns) {
        if (this.rows != rows || this.columns != columns) {
            throw new IllegalArgumentException(
                    "tensor has shape (%d,%d), expected (%d,%d)".formatted(this.rows, this.columns, rows, columns));
        }
        return this;
    }

    DoubleTensor requireShapeOf(DoubleTensor other) {
        return requireShape(other.rows, other.columns);
    }
}
