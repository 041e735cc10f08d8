package io.livegraft.gpu.cuda;

import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import java.nio.file.Path;

/** A device for tests: the stand-in's. Each is closed by the test that asked for it. */
final class StandIn {
    private static final long MEMORY_BYTES = 1 << 28;
    private static final int PINNED_BYTES = 1 << 20;

    private StandIn() {}

    /** With the product's kernels. */
    static CudaDevice device() {
        return device(new HostModules());
    }

    /** With kernels of one's own. */
    static CudaDevice device(Path sources) {
        return device(new HostModules(sources));
    }

    private static CudaDevice device(CudaModules modules) {
        return device(modules, MEMORY_BYTES);
    }

    static CudaDevice device(CudaModules modules, long memoryBytes) {
        StandInDriver.load();
        CudaProbe.Found found = assertInstanceOf(CudaProbe.Found.class, CudaProbe.of(0));
        return new CudaDevice(found, modules, new CudaSettings(0, memoryBytes, 1, PINNED_BYTES, PINNED_BYTES, 8));
    }
}
