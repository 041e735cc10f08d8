package io.livegraft.gpu.engine;

import io.livegraft.gpu.cuda.StandIn;
import io.livegraft.gpu.device.Device;

/** The same laws on the CUDA backend, whose decode steps are graphs. */
class CudaEngineLawTest extends EngineLawTest {
    @Override
    int answerTokens() {
        return 5;
    }

    @Override
    Device device(int threads) {
        return StandIn.opened();
    }
}
