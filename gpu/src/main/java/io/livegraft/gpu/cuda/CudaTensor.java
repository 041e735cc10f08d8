package io.livegraft.gpu.cuda;

import io.livegraft.gpu.backend.Tensor;
import java.util.List;

/**
 * A contiguous float32 matrix that kernels can address; views share its block.
 *
 * @param address of its first value
 * @param block that it lies in
 */
record CudaTensor(long address, int rows, int columns, MemoryBlock block) implements Tensor {
    CudaTensor {
        if (rows < 0
                || columns < 0
                || address < block.address()
                || address + 4L * rows * columns > block.address() + block.bytes()) {
            throw new IllegalArgumentException("view (%d,%d) does not fit in %d bytes from byte %d on"
                    .formatted(rows, columns, block.bytes(), address - block.address()));
        }
    }

    static CudaTensor of(Tensor tensor) {
        return (CudaTensor) tensor;
    }

    static List<CudaTensor> of(List<Tensor> tensors) {
        return tensors.stream().map(CudaTensor::of).toList();
    }

    /** Bytes of its block before it. */
    long offset() {
        return address - block.address();
    }

    long size() {
        return (long) rows * columns;
    }

    /** As {@code count} rows from row {@code from} on. */
    CudaTensor rowBlock(int from, int count) {
        return view((long) from * columns, count, columns);
    }

    /** {@code count · width} elements from {@code offset} on, as a matrix. */
    CudaTensor view(long offset, int count, int width) {
        return new CudaTensor(address + 4 * offset, count, width, block);
    }

    CudaTensor requireShape(int rows, int columns) {
        if (this.rows != rows || this.columns != columns) {
            throw new IllegalArgumentException(
                    "tensor has shape (%d,%d), expected (%d,%d)".formatted(this.rows, this.columns, rows, columns));
        }
        return this;
    }

    CudaTensor requireShapeOf(CudaTensor other) {
        return requireShape(other.rows, other.columns);
    }
}
