package io.livegraft.gpu.cuda;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import jcuda.Pointer;

/**
 * Page-locked memory of the host that kernels read and write over the bus: for values that a step touches once, whose bits don't
 * depend on where they live. It is locked as it is asked for, kept for who asks next, and bounded.
 */
final class HostMemory implements AutoCloseable {
    private static final long PAGE = 4096;
    /** Part of its size that a block may be given more. */
    private static final long SPARE = 4;

    private static final byte NAN = (byte) 0xFF;

    /** A slab in use; it may be in use again before an earlier block is forgotten. */
    private static final class Loan {
        private final HostSlab slab;
        private boolean taken = true;

        Loan(HostSlab slab) {
            this.slab = slab;
        }
    }

    /** As {@link DeviceMemory.Block}, in the host's memory. */
    final class Block implements MemoryBlock {
        private final Loan loan;

        private Block(Loan loan) {
            this.loan = loan;
            forgotten.watch(this, loan);
        }

        @Override
        public long address() {
            return loan.slab.address();
        }

        @Override
        public long bytes() {
            return loan.slab.bytes();
        }

        @Override
        public void free() {
            release(loan);
        }

        /** For copies that are queued. */
        Pointer at(long offset) {
            return loan.slab.host().withByteOffset(offset);
        }

        /** For the host itself, once the work that is queued is done. */
        MemorySegment values(long offset, long bytes) {
            return loan.slab.values().asSlice(offset, bytes);
        }
    }

    private final CudaQueue queue;
    private final long most;
    private final List<HostSlab> slabs = new ArrayList<>();
    private final List<HostSlab> idle = new ArrayList<>();
    private final Forgotten<Loan> forgotten = new Forgotten<>(this::release);
    private long locked;
    private long used;
    private long peak;

    /** @param most bytes that are locked at a time */
    HostMemory(CudaQueue queue, long most) {
        this.queue = queue;
        this.most = most;
    }

    /**
     * A block of at least {@code wanted} bytes with any values.
     *
     * @throws CudaException out of memory, where the bound or the host allows no more
     */
    Block allocate(long wanted) {
        long size = block(wanted);
        forgotten.collect();
        HostSlab slab = find(size)
                .or(() -> forgotten.collectUntil(() -> find(size)))
                .orElseThrow(() -> new CudaException(
                        "an allocation in the host's memory",
                        "%d bytes beside %s".formatted(wanted, budget()),
                        CudaCode.outOfMemoryCode()));
        used += slab.bytes();
        peak = Math.max(peak, used);
        assert poisoned(slab);
        return new Block(new Loan(slab));
    }

    /** As it is given: whole pages. */
    static long block(long bytes) {
        return Math.max(1, Math.ceilDiv(bytes, PAGE)) * PAGE;
    }

    /** The smallest idle one that is large enough and hardly larger, else a new one where the bound has room for it without what is idle. */
    private Optional<HostSlab> find(long size) {
        Optional<HostSlab> kept = idle.stream()
                .filter(slab -> slab.bytes() >= size && slab.bytes() - size <= size / SPARE)
                .min(Comparator.comparingLong(HostSlab::bytes));
        if (kept.isPresent()) {
            idle.remove(kept.get());
            return kept;
        }
        if (size > most - used) {
            return Optional.empty();
        }
        if (size > most - locked) {
            unlockIdle();
        }
        HostSlab fresh = HostSlab.of(size);
        slabs.add(fresh);
        locked += size;
        return Optional.of(fresh);
    }

    private void unlockIdle() {
        queue.finish();
        idle.forEach(slab -> {
            slab.unlock();
            locked -= slab.bytes();
        });
        slabs.removeAll(idle);
        idle.clear();
    }

    private void release(Loan loan) {
        if (loan.taken) {
            loan.taken = false;
            used -= loan.slab.bytes();
            idle.add(loan.slab);
        }
    }

    /** So that whoever reads what was never written is found out. */
    private boolean poisoned(HostSlab slab) {
        queue.finish();
        slab.values().fill(NAN);
        return true;
    }

    long usedBytes() {
        return used;
    }

    /** The most that was in use at a time. */
    long peakBytes() {
        return peak;
    }

    /** Page-locked now, in use or not. */
    long lockedBytes() {
        return locked;
    }

    /** As the device's, in MiB. */
    String budget() {
        return "host memory of %.1f MiB (livegraft.engine.cuda.offload-memory): in use %.1f, kept %.1f"
                .formatted(DeviceMemory.mib(most), DeviceMemory.mib(used), DeviceMemory.mib(locked - used));
    }

    /** Unlocks everything; no block may be used any more. */
    @Override
    public void close() {
        idle.clear();
        idle.addAll(slabs);
        unlockIdle();
    }
}
