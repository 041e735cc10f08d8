package io.livegraft.gpu.backend;

/** A float32 matrix (rows, columns) in a backend's memory; only that backend can look inside. */
public interface Tensor {
    int rows();

    int columns();

    /** Memory of its values. */
    default long bytes() {
        return 4L * rows() * columns();
    }
}
