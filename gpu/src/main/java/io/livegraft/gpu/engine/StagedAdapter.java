package io.livegraft.gpu.engine;

/** An adapter on the device, ready to serve. Closing it frees its memory; generations that use it must have ended. */
public interface StagedAdapter extends AutoCloseable {
    @Override
    void close();
}
