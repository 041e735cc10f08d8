package io.livegraft.gpu.cuda;

import java.lang.foreign.MemorySegment;
import jcuda.Pointer;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;

/**
 * A stretch of page-locked memory of the host that the device can address, too.
 *
 * @param host where it begins for copies
 * @param address where it begins for kernels
 * @param values for the host itself, once the work that is queued is done
 */
record HostSlab(Pointer host, long address, MemorySegment values) {
    /** A pointer that says its address. */
    private static final class Place extends Pointer {
        long value() {
            return getNativePointer() + getByteOffset();
        }
    }

    /**
     * Locks so many bytes.
     *
     * @throws CudaException where the host has none to lock
     */
    @SuppressWarnings("restricted") // the launcher allows native access
    static HostSlab of(long bytes) {
        Place place = new Place();
        String shapes = bytes + " bytes of the host";
        CudaCall.check(
                JCudaDriver.cuMemHostAlloc(place, bytes, JCudaDriver.CU_MEMHOSTALLOC_DEVICEMAP),
                "cuMemHostAlloc",
                shapes);
        DeviceAddress address = new DeviceAddress();
        int mapped = JCudaDriver.cuMemHostGetDevicePointer(address, place, 0);
        HostSlab slab = new HostSlab(
                place, address.value(), MemorySegment.ofAddress(place.value()).reinterpret(bytes));
        if (mapped != CUresult.CUDA_SUCCESS) {
            slab.unlock();
        }
        CudaCall.check(mapped, "cuMemHostGetDevicePointer", shapes);
        return slab;
    }

    long bytes() {
        return values.byteSize();
    }

    /** Gives it back to the host; all work that uses it must be done. */
    void unlock() {
        CudaCall.check(JCudaDriver.cuMemFreeHost(host), "cuMemFreeHost", bytes() + " bytes");
    }
}
