package io.livegraft.gpu.cuda;

import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import io.livegraft.gpu.backend.WeightImages;
import io.livegraft.gpu.cuda.OffloadSettings.Choice;
import io.livegraft.gpu.device.Device;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.api.Assumptions;

/** A device for tests: the stand-in's, or a card where one is asked for. Each is closed by the test that asked for it. */
public final class StandIn {
    private static final long MEMORY_BYTES = 1 << 28;
    private static final int PINNED_BYTES = 1 << 20;
    /** For some weights of a test and not for others. */
    private static final long COPY_BYTES = 1 << 17;

    private static final OffloadSettings NO_OFFLOAD = new OffloadSettings(Choice.OFF, Choice.OFF, 0);

    /** Set where the suite is to run on the card of this machine instead of the stand-in. */
    static final boolean ON_CARD = System.getenv("LIVEGRAFT_CARD") != null;

    private StandIn() {}

    /** With the product's kernels. */
    static CudaDevice device() {
        return device(modules());
    }

    /** All of the product, on the stand-in's device. */
    public static CudaBackend backend() {
        return new CudaBackend(device());
    }

    /** In the profile {@code fast}: on a card with the machine's own cuBLAS. */
    public static CudaBackend fast() {
        return new CudaBackend(device(), Optional.of(cublas()));
    }

    static CublasLibrary cublas() {
        if (!ON_CARD) {
            StandInDriver.load();
            return CublasLibrary.open(HostCompiler.cublas().toString(), 13).orElseThrow();
        }
        Optional<CublasLibrary> found = CublasLibrary.find();
        Assumptions.assumeTrue(found.isPresent(), "no cuBLAS on this machine");
        return found.orElseThrow();
    }

    /** As above, with values in the host's memory as these say. */
    public static CudaBackend backend(OffloadSettings offload) {
        return new CudaBackend(device(modules(), MEMORY_BYTES, offload, COPY_BYTES));
    }

    /** As above on a device with so much memory, of which copies of weights take none. */
    public static CudaBackend backend(OffloadSettings offload, long memoryBytes) {
        return new CudaBackend(device(modules(), memoryBytes, offload, 0));
    }

    /** What the stand-in's host has page-locked now. */
    static long pinnedBytes() {
        return StandInDriver.pinnedBytes();
    }

    /** As {@link #backend}, for an engine. */
    public static Device opened() {
        CudaBackend backend = backend();
        return new Device(backend, WeightImages.NONE, backend.description());
    }

    /** Runs it with a block's threads forward, backward and at random; what it is told is which. */
    public static void inEveryOrder(Consumer<String> work) {
        if (ON_CARD) {
            return;
        }
        try {
            for (FiberOrder order : FiberOrder.values()) {
                StandInDriver.order(order, 3);
                work.accept("threads " + order);
            }
        } finally {
            StandInDriver.order(FiberOrder.FORWARD, 1);
        }
    }

    /** With kernels of one's own. */
    static CudaDevice device(Path sources) {
        return device(new HostModules(sources));
    }

    /** Where the tests are to run on a card, its own driver and kernels. */
    private static CudaModules modules() {
        return ON_CARD ? PackedModules.onClassPath().orElseThrow() : new HostModules();
    }

    private static CudaDevice device(CudaModules modules) {
        return device(modules, MEMORY_BYTES);
    }

    static CudaDevice device(CudaModules modules, long memoryBytes) {
        return device(modules, memoryBytes, NO_OFFLOAD, COPY_BYTES);
    }

    private static CudaDevice device(CudaModules modules, long memoryBytes, OffloadSettings offload, long copyBytes) {
        if (!ON_CARD) {
            StandInDriver.load();
        }
        CudaProbe.Found found = assertInstanceOf(CudaProbe.Found.class, CudaProbe.of(0));
        return new CudaDevice(
                found,
                modules,
                new CudaSettings(0, memoryBytes, 1, PINNED_BYTES, PINNED_BYTES, copyBytes, 8, offload, 16));
    }
}
