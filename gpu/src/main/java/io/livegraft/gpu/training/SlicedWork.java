package io.livegraft.gpu.training;

/**
 * Long device work cut into bounded slices, so that decode steps of other tenants fit in between. Slicing never changes
 * the result's bits.
 */
public interface SlicedWork<T> {
    /**
     * Runs the next slice.
     *
     * @return whether the work is done and {@link #result()} is there
     */
    boolean advance();

    /** The outcome; only after {@link #advance()} returned true. */
    T result();

    /** Runs all slices in one go, where nobody else wants the device. */
    default T finish() {
        boolean done = advance();
        while (!done) {
            done = advance();
        }
        return result();
    }
}
