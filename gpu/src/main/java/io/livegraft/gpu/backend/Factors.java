package io.livegraft.gpu.backend;

import java.util.List;

/**
 * Factors that are frozen together: an adapter's, laid down in the order in which they are multiplied with. Closing gives their memory
 * back, once; whoever still multiplies with them finds anything there. Memory of factors that are never closed goes when nothing reaches
 * them.
 */
public final class Factors implements AutoCloseable {
    private final List<Factor> all;
    private final Runnable release;
    private boolean closed;

    /** @param release gives their memory back */
    public Factors(List<Factor> all, Runnable release) {
        this.all = List.copyOf(all);
        this.release = release;
    }

    /** Of the matrices, in their order. */
    public List<Factor> all() {
        return all;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            release.run();
        }
    }
}
