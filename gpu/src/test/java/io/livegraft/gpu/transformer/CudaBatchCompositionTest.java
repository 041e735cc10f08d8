package io.livegraft.gpu.transformer;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.cuda.StandIn;

/** The same on the CUDA backend. */
class CudaBatchCompositionTest extends BatchCompositionTest {
    @Override
    Backend backend() {
        return StandIn.backend();
    }
}
