package io.livegraft.gpu.cuda;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The device's one stretch of memory, shared out in blocks: what lasts from its beginning on, workspaces from its end. A block is
 * given back by {@link Block#free}, or once nothing refers to it any more.
 */
final class DeviceMemory {
    /** Blocks begin at multiples of this many bytes, as cuMemAlloc's do. */
    static final long ALIGNMENT = 256;

    /** What a block is for; rows of the budget table. */
    enum Use {
        WEIGHTS,
        COPIES,
        CACHES,
        TENSORS,
        WORKSPACES
    }

    /** Bytes at an address; whoever uses the address holds the block. */
    final class Block implements MemoryBlock {
        private final Piece piece;

        private Block(Piece piece) {
            this.piece = piece;
            forgotten.watch(this, piece);
        }

        @Override
        public long address() {
            return piece.address;
        }

        @Override
        public long bytes() {
            return piece.bytes;
        }

        /** Work that is queued before keeps what it needs: there is one queue. */
        @Override
        public void free() {
            release(piece);
        }
    }

    /** What a block stands for; the block may be forgotten, the piece is not before it is given back. */
    private static final class Piece {
        private final long address;
        private final long bytes;
        private final Use use;
        private boolean taken = true;

        Piece(long address, long bytes, Use use) {
            this.address = address;
            this.bytes = bytes;
            this.use = use;
        }
    }

    private final long bytes;
    private final NavigableMap<Long, Long> free = new TreeMap<>();
    private final Forgotten<Piece> forgotten = new Forgotten<>(this::release);
    private final Map<Use, Long> used = new EnumMap<>(Use.class);
    private final List<Runnable> savings = new ArrayList<>();
    private long peak;

    /** Of {@code bytes} bytes from {@code address} on, a multiple of {@link #ALIGNMENT}. */
    DeviceMemory(long address, long bytes) {
        this.bytes = bytes;
        free.put(address, bytes);
        for (Use use : Use.values()) {
            used.put(use, 0L);
        }
    }

    /** Something that gives blocks back when memory is short. */
    void whenShort(Runnable saving) {
        savings.add(saving);
    }

    /**
     * A block of at least {@code wanted} bytes with any values.
     *
     * @throws CudaException out of memory, with {@link #budget()}
     */
    Block allocate(long wanted, Use use) {
        long size = Math.max(1, Math.ceilDiv(wanted, ALIGNMENT)) * ALIGNMENT;
        forgotten.collect();
        return find(size, use)
                .or(() -> findAfterSavings(size, use))
                .or(() -> forgotten.collectUntil(() -> find(size, use)))
                .orElseThrow(() -> new CudaException(
                        "an allocation for " + use,
                        "%d bytes beside %s".formatted(wanted, budget()),
                        CudaCode.outOfMemoryCode()));
    }

    /** One after the other, in the order they were named. */
    private Optional<Block> findAfterSavings(long size, Use use) {
        Optional<Block> found = Optional.empty();
        for (int i = 0; i < savings.size() && found.isEmpty(); i++) {
            savings.get(i).run();
            found = find(size, use);
        }
        return found;
    }

    private Optional<Block> find(long size, Use use) {
        NavigableMap<Long, Long> order = use == Use.WORKSPACES ? free.descendingMap() : free;
        for (Map.Entry<Long, Long> hole : order.entrySet()) {
            if (hole.getValue() >= size) {
                return Optional.of(new Block(take(hole.getKey(), hole.getValue(), size, use)));
            }
        }
        return Optional.empty();
    }

    private Piece take(long hole, long holeBytes, long size, Use use) {
        free.remove(hole);
        boolean last = use == Use.WORKSPACES;
        if (holeBytes > size) {
            free.put(last ? hole : hole + size, holeBytes - size);
        }
        used.merge(use, size, Long::sum);
        peak = Math.max(peak, usedBytes());
        return new Piece(last ? hole + holeBytes - size : hole, size, use);
    }

    private void release(Piece piece) {
        if (piece.taken) {
            piece.taken = false;
            used.merge(piece.use, -piece.bytes, Long::sum);
            long address = piece.address;
            long size = piece.bytes;
            Map.Entry<Long, Long> before = free.lowerEntry(address);
            if (before != null && before.getKey() + before.getValue() == address) {
                free.remove(before.getKey());
                address = before.getKey();
                size += before.getValue();
            }
            Long behind = free.remove(address + size);
            free.put(address, behind == null ? size : size + behind);
        }
    }

    long bytes() {
        return bytes;
    }

    long usedBytes() {
        return used.values().stream().mapToLong(Long::longValue).sum();
    }

    /** The most that was in use at a time. */
    long peakBytes() {
        return peak;
    }

    long largestHole() {
        return free.values().stream().mapToLong(Long::longValue).max().orElse(0);
    }

    /** Who has how much, in MiB. */
    String budget() {
        StringBuilder table = new StringBuilder("device memory of %.1f MiB:".formatted(mib(bytes)));
        used.forEach(
                (use, size) -> table.append(" %s %.1f,".formatted(use.name().toLowerCase(Locale.ROOT), mib(size))));
        return table.append(" free %.1f (largest piece %.1f)".formatted(mib(bytes - usedBytes()), mib(largestHole())))
                .toString();
    }

    static double mib(long bytes) {
        return bytes / (double) (1 << 20);
    }
}
