package io.livegraft.gpu.cuda;

import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.util.IdentityHashMap;

/**
 * Whole numbers that launches read: token ids, positions, tables of addresses. They are written into page-locked memory and go to the
 * same place of a buffer on the device, all that are new together. Once it is full, all work is waited for and it begins anew.
 */
final class CudaMetadata implements AutoCloseable {
    private static final int ALIGNMENT = 16;
    /** Arrays that are known again at most: a pass asks for its positions, and its sequences' pages, once a layer. */
    private static final int REMEMBERED = 1024;

    private final CudaQueue queue;
    private final PinnedBuffer host;
    private final DeviceMemory.Block block;
    private final IdentityHashMap<int[], Integer> written = new IdentityHashMap<>();
    private int next;
    private int sent;

    CudaMetadata(CudaQueue queue, DeviceMemory memory, int bytes) {
        this.queue = queue;
        this.host = new PinnedBuffer(bytes);
        this.block = memory.allocate(bytes, DeviceMemory.Use.TENSORS);
    }

    int bytes() {
        return host.bytes();
    }

    /** Address of these values for the launches that are queued next, until the queue is idle. */
    long ints(int[] values) {
        Integer before = written.get(values);
        if (before != null && ints(before, values.length).equals(IntBuffer.wrap(values))) {
            return block.address() + before;
        }
        int offset = room(4 * values.length);
        ints(offset, values.length).put(values);
        if (written.size() == REMEMBERED) {
            written.clear();
        }
        written.put(values, offset);
        return block.address() + offset;
    }

    /** As {@link #ints}. */
    long longs(long[] values) {
        int offset = room(8 * values.length);
        LongBuffer place = host.buffer()
                .slice(offset, 8 * values.length)
                .order(host.buffer().order())
                .asLongBuffer();
        place.put(values);
        return block.address() + offset;
    }

    private IntBuffer ints(int offset, int count) {
        return host.buffer()
                .slice(offset, 4 * count)
                .order(host.buffer().order())
                .asIntBuffer();
    }

    private int room(int bytes) {
        if (bytes > host.bytes()) {
            throw new IllegalArgumentException(
                    "%d bytes of ids or positions don't fit in livegraft.engine.cuda.metadata of %d"
                            .formatted(bytes, host.bytes()));
        }
        if (bytes > host.bytes() - next) {
            queue.finish();
            restart();
        }
        int offset = next;
        next = Math.min(host.bytes(), Math.ceilDiv(next + bytes, ALIGNMENT) * ALIGNMENT);
        return offset;
    }

    /** Begins at the first byte again; all work must have been waited for. */
    void restart() {
        written.clear();
        next = 0;
        sent = 0;
    }

    /** Queues the copy of what is new. */
    void send() {
        if (sent < next) {
            queue.upload(block.address() + sent, host.at(sent), next - sent);
            sent = next;
        }
    }

    @Override
    public void close() {
        host.close();
    }
}
