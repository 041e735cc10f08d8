package io.livegraft.gpu.machinecode;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * What {@link TileKernel} writes its decoded blocks and its sums into; every thread needs its own.
 *
 * @param memory two buffers of two tiles, and a tile of sums for each
 */
public record TileScratch(MemorySegment memory) {
    /** From one buffer to the other: a bit of the address. */
    static final int BUFFER = 2 * StripForm.TILE_BYTES;
    /** From a buffer to its sums. */
    static final int SUMS = 2 * BUFFER;

    public static TileScratch allocate() {
        return new TileScratch(Arena.ofAuto().allocate(SUMS + BUFFER + StripForm.TILE_BYTES, 2L * BUFFER));
    }
}
