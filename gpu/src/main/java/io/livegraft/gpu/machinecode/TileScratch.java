package io.livegraft.gpu.machinecode;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * What {@link TileKernel} writes its decoded block and its sums into; every thread needs its own.
 *
 * @param memory three tiles
 */
public record TileScratch(MemorySegment memory) {
    public static TileScratch allocate() {
        return new TileScratch(Arena.ofAuto().allocate(3L * StripForm.TILE_BYTES, 64));
    }
}
