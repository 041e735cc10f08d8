package io.livegraft.gpu.backend;

import java.util.function.Function;

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

    /** This work, then another that is made of what it gave; one slice of either at a time. */
    default <R> SlicedWork<R> then(Function<? super T, ? extends SlicedWork<R>> next) {
        return new WorkInTurn<>(this, next);
    }

    /** This work, and what is made of what it gave: once, with the last slice. */
    default <R> SlicedWork<R> map(Function<? super T, ? extends R> function) {
        return new MappedWork<>(this, function);
    }

    /** Runs all slices in one go, where nobody else wants the device. */
    default T finish() {
        boolean done = advance();
        while (!done) {
            done = advance();
        }
        return result();
    }
}
