package io.livegraft.gpu.cuda;

import jcuda.driver.CUdeviceptr;

/** An address on the device as a number. */
final class DeviceAddress extends CUdeviceptr {
    /** For a call that fills it in. */
    DeviceAddress() {}

    DeviceAddress(long address) {
        super(new CUdeviceptr(), address);
    }

    long value() {
        return getNativePointer() + getByteOffset();
    }
}
