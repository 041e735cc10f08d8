package io.livegraft.gpu.engine;

import io.livegraft.gpu.backend.SlicedWork;

/**
 * Work that something was brought to the device for: it goes with the last slice, or with the one that fails.
 *
 * @param staged closed once
 */
record StagedWork<T>(SlicedWork<T> work, StagedAdapter staged) implements SlicedWork<T> {
    @Override
    public boolean advance() {
        boolean ended = true;
        try {
            ended = work.advance();
            return ended;
        } finally {
            if (ended) {
                staged.close();
            }
        }
    }

    @Override
    public T result() {
        return work.result();
    }
}
