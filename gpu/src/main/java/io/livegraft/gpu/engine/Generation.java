package io.livegraft.gpu.engine;

/** One admitted request: its token ids, its KV memory and the adapter it keeps to its last token. */
public final class Generation implements AutoCloseable {
    public boolean finished() {
        throw new UnsupportedOperationException();
    }

    public int promptTokens() {
        throw new UnsupportedOperationException();
    }

    public int generatedTokens() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
}
