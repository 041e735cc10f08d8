package io.livegraft.gpu.machinecode;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * Native memory for weights, handed out from regions of huge pages (2 MiB): a pass over a base touches every page, and looking up
 * small ones costs a third of the speed. A region goes when nothing in it is reachable.
 */
public final class HugeMemory {
    private static final long PAGE = 2L << 20;
    private static final long REGION = 16 * PAGE;
    private static final long ALIGNMENT = 64;

    private final SystemCalls system = new SystemCalls();
    private MemorySegment region = MemorySegment.NULL;
    private long used;

    /** Zeros, 64-byte aligned; an {@link OutOfMemoryError} says how much was asked for. */
    public synchronized MemorySegment allocate(long bytes) {
        long aligned = Math.ceilDiv(bytes, ALIGNMENT) * ALIGNMENT;
        if (used + aligned > region.byteSize()) {
            region = region(Math.max(REGION, Math.ceilDiv(aligned, PAGE) * PAGE));
            used = 0;
        }
        MemorySegment memory = region.asSlice(used, bytes);
        used += aligned;
        return memory;
    }

    /** As above in a region of its own, which goes when the memory itself is unreachable; small pages where it would fill no huge one. */
    public MemorySegment allocateAlone(long bytes) {
        return bytes < PAGE
                ? Arena.ofAuto().allocate(bytes, ALIGNMENT)
                : region(Math.ceilDiv(bytes, PAGE) * PAGE).asSlice(0, bytes);
    }

    @SuppressWarnings("restricted") // the launcher allows native access
    private MemorySegment region(long bytes) {
        long mapped = bytes + PAGE;
        Optional<MemorySegment> memory = system.map(mapped);
        if (memory.isEmpty()) {
            throw new OutOfMemoryError("the system has no %d bytes for weights".formatted(mapped));
        }
        system.preferHugePages(memory.get(), mapped);
        MemorySegment whole = memory.get()
                .reinterpret(
                        mapped, Arena.ofAuto(), all -> system.unmap(MemorySegment.ofAddress(all.address()), mapped));
        long gap = Math.floorMod(-whole.address(), PAGE);
        return whole.asSlice(gap, bytes);
    }
}
