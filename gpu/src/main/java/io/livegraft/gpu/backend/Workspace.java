package io.livegraft.gpu.backend;

/**
 * Memory for the tensors of one pass, made by {@link Backend#workspace()}: a stack that grows as tensors are allocated, and whose
 * memory serves the next workspace once this one is closed. One that is never closed is left to the collector.
 */
public interface Workspace extends AutoCloseable {
    /** A stretch of a program, from where it is made to where it is closed; scopes nest. */
    interface Scope extends AutoCloseable {
        @Override
        void close();
    }

    /**
     * Until the scope is closed, what the backend allocates lies on top of this stack; it lives on behind the scope.
     *
     * @throws IllegalStateException when the workspace is closed
     */
    Scope use();

    /** Memory held, used or not. */
    long bytes();

    /** Ends the life of all its tensors: whoever still reads one finds anything there. Again is nothing. */
    @Override
    void close();
}
