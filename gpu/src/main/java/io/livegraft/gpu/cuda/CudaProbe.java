package io.livegraft.gpu.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.charset.StandardCharsets;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;

/** Whether there is a device to use. */
public sealed interface CudaProbe {
    /** One that answers. */
    record Found(int ordinal, String name, CudaCapability capability, int multiprocessors) implements CudaProbe {
        /** As {@code NVIDIA H100 80GB HBM3 (sm_90)}. */
        @Override
        public String toString() {
            return "%s (%s)".formatted(name, capability);
        }
    }

    /** None, and why: an answer, not a failure. */
    record Absent(String reason) implements CudaProbe {}

    /** Looks for the driver's library and asks it for a device. */
    static CudaProbe of(int ordinal) {
        try {
            if (!libraryThere()) {
                return new Absent("libcuda.so.1 is not installed");
            }
            return ask(ordinal);
        } catch (LinkageError refused) {
            return new Absent("JCuda can't be loaded: " + refused.getMessage());
        }
    }

    /** Asked first, since JCuda unpacks its own library before it finds that the driver's is missing. */
    @SuppressWarnings("restricted") // the launcher allows native access
    private static boolean libraryThere() {
        try (Arena arena = Arena.ofConfined()) {
            SymbolLookup.libraryLookup("libcuda.so.1", arena);
            return true;
        } catch (IllegalArgumentException missing) {
            return false;
        }
    }

    private static CudaProbe ask(int ordinal) {
        int started = JCudaDriver.cuInit(0);
        if (started != CUresult.CUDA_SUCCESS) {
            return new Absent("the driver does not start: " + new CudaCode(started));
        }
        CUdevice device = new CUdevice();
        int got = JCudaDriver.cuDeviceGet(device, ordinal);
        if (got != CUresult.CUDA_SUCCESS) {
            return new Absent("there is no device %d: %s".formatted(ordinal, new CudaCode(got)));
        }
        byte[] name = new byte[128];
        CudaCall.check(JCudaDriver.cuDeviceGetName(name, name.length, device), "cuDeviceGetName", "device " + ordinal);
        int length = 0;
        while (length < name.length && name[length] != 0) {
            length++;
        }
        return new Found(
                ordinal,
                new String(name, 0, length, StandardCharsets.UTF_8),
                new CudaCapability(
                        attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR),
                        attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR)),
                attribute(device, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT));
    }

    private static int attribute(CUdevice device, int attribute) {
        int[] value = new int[1];
        CudaCall.check(
                JCudaDriver.cuDeviceGetAttribute(value, attribute, device),
                "cuDeviceGetAttribute",
                CUdevice_attribute.stringFor(attribute));
        return value[0];
    }
}
