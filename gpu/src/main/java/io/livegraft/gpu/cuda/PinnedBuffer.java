package io.livegraft.gpu.cuda;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jcuda.Pointer;
import jcuda.driver.JCudaDriver;

/** Page-locked memory of the host, which copies to and from the device need to run by themselves. */
final class PinnedBuffer implements AutoCloseable {
    private final Pointer pointer = new Pointer();
    private final ByteBuffer buffer;

    PinnedBuffer(int bytes) {
        CudaCall.check(JCudaDriver.cuMemHostAlloc(pointer, bytes, 0), "cuMemHostAlloc", bytes + " bytes");
        this.buffer = pointer.getByteBuffer(0, bytes).order(ByteOrder.nativeOrder());
    }

    int bytes() {
        return buffer.capacity();
    }

    ByteBuffer buffer() {
        return buffer;
    }

    MemorySegment segment() {
        return MemorySegment.ofBuffer(buffer);
    }

    Pointer at(long offset) {
        return pointer.withByteOffset(offset);
    }

    @Override
    public void close() {
        CudaCall.check(JCudaDriver.cuMemFreeHost(pointer), "cuMemFreeHost", bytes() + " bytes");
    }
}
