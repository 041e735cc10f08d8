package io.livegraft.gpu.cuda;

import io.livegraft.gpu.cuda.DeviceMemory.Use;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * bfloat16 copies of frozen weights in memory that nothing else needs: whoever multiplies many rows has the same bits without
 * dequantizing again. When memory is short they are given up, for good: what was short once will be again.
 */
final class WeightCopies {
    private final DeviceMemory memory;
    private final Map<CudaWeight, Bf16Matrix> kept = new HashMap<>();
    private long room;

    /** @param most bytes of all copies */
    WeightCopies(DeviceMemory memory, long most) {
        this.memory = memory;
        this.room = most;
        memory.whenShort(() -> {
            kept.values().forEach(copy -> copy.block().free());
            kept.clear();
            room = 0;
        });
    }

    /** More than these bytes are never taken again; what is kept stays. */
    void limit(long bytes) {
        long taken =
                kept.values().stream().mapToLong(copy -> copy.block().bytes()).sum();
        room = Math.clamp(bytes - taken, 0, room);
    }

    Optional<Bf16Matrix> of(CudaWeight weight) {
        return Optional.ofNullable(kept.get(weight));
    }

    /** Memory for a copy that will be asked for again; empty where there is none to spare. */
    Optional<Bf16Matrix> room(CudaWeight weight) {
        int rows = weight.outputFeatures();
        int columns = weight.inputFeatures();
        long bytes = Bf16Matrix.bytes(rows, columns);
        if (bytes > room || bytes > memory.largestHole()) {
            return Optional.empty();
        }
        DeviceMemory.Block block = memory.allocate(bytes, Use.COPIES);
        room -= block.bytes();
        Bf16Matrix copy = new Bf16Matrix(block, block.address(), rows, columns, Bf16Matrix.stride(columns));
        kept.put(weight, copy);
        return Optional.of(copy);
    }
}
