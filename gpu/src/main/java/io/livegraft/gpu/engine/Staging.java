package io.livegraft.gpu.engine;

import io.livegraft.gpu.backend.SlicedWork;
import io.livegraft.gpu.cuda.CudaException;
import io.livegraft.gpu.error.ErrorCode;

/** An adapter on its way to the device: OVERLOADED where it does not fit beside what is there. */
record Staging(SlicedWork<StagedAdapter> work) implements SlicedWork<StagedAdapter> {
    @Override
    public boolean advance() {
        try {
            return work.advance();
        } catch (CudaException refused) {
            throw Engine.shortOfMemory(refused, ErrorCode.OVERLOADED);
        }
    }

    @Override
    public StagedAdapter result() {
        return work.result();
    }
}
