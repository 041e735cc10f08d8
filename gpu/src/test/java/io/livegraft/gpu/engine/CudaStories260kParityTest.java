package io.livegraft.gpu.engine;

import io.livegraft.gpu.cuda.StandIn;
import io.livegraft.gpu.device.Device;

/** The same on the CUDA backend. */
class CudaStories260kParityTest extends Stories260kParityTest {
    @Override
    Device device(int threads) {
        return StandIn.opened();
    }
}
