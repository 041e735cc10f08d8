package io.livegraft.gpu.training;

import io.livegraft.gpu.backend.Backend;
import io.livegraft.gpu.cuda.StandIn;

/** The CUDA backend against the reference in whole training steps of every family. */
class CudaStepTwinTest extends StepTwinTest {
    @Override
    Backend twin() {
        return StandIn.backend();
    }

    @Override
    boolean rounds() {
        return true;
    }
}
