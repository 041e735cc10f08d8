package io.livegraft.gpu.cpu;

import io.livegraft.gpu.backend.Operand;
import io.livegraft.gpu.backend.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** A contiguous matrix inside a float array; views share the array. */
record CpuTensor(float[] data, int offset, int rows, int columns) implements Tensor {
    CpuTensor {
        if (offset < 0 || rows < 0 || columns < 0 || offset + (long) rows * columns > data.length) {
            throw new IllegalArgumentException(
                    "view (%d,%d) at %d does not fit in %d values".formatted(rows, columns, offset, data.length));
        }
    }

    static CpuTensor of(Tensor tensor) {
        return (CpuTensor) tensor;
    }

    static List<CpuTensor> of(List<Tensor> tensors) {
        return tensors.stream().map(CpuTensor::of).toList();
    }

    int size() {
        return rows * columns;
    }

    int row(int n) {
        return offset + n * columns;
    }

    /** From an element on, for machine code. */
    MemorySegment memory(int element) {
        return MemorySegment.ofArray(data).asSlice((long) Float.BYTES * (offset + element));
    }

    Matrix matrix(Operand operand) {
        Matrix plain = new Matrix(data, offset, columns, 1, rows, columns);
        return switch (operand) {
            case PLAIN -> plain;
            case TRANSPOSED -> plain.transposed();
        };
    }

    CpuTensor rowBlock(int from, int count) {
        return new CpuTensor(data, row(from), count, columns);
    }

    /** Columns {@code from} to {@code from + count} of every row. */
    Matrix columnBlock(int from, int count) {
        return new Matrix(data, offset + from, columns, 1, rows, count);
    }

    CpuTensor requireShape(int rows, int columns) {
        if (this.rows != rows || this.columns != columns) {
            throw new IllegalArgumentException(
                    "tensor has shape (%d,%d), expected (%d,%d)".formatted(this.rows, this.columns, rows, columns));
        }
        return this;
    }

    CpuTensor requireShapeOf(CpuTensor other) {
        return requireShape(other.rows, other.columns);
    }
}
