package io.livegraft.gpu.cpu;

import io.livegraft.gpu.machinecode.StripForm;
import java.lang.foreign.MemorySegment;

/**
 * An operand in bfloat16 tiles: strips of 16 rows of a left one or 16 columns of a right one, and in a strip a tile for every 32 of the
 * dimension that is summed over. The transpose of either, as the other, has its tiles in the same places, each turned.
 */
record Tiled(MemorySegment memory, long stripBytes) {
    static final int STRIP = 16;
    static final int STEP = StripForm.TILE_INPUTS;

    /** Strips come in pairs. */
    static Tiled in(NativeBuffer room, int strips, int steps) {
        long stripBytes = (long) steps * StripForm.TILE_BYTES;
        return new Tiled(room.atLeast((strips + 1L) / 2 * 2 * stripBytes), stripBytes);
    }

    /** Strips of so many rows or columns. */
    static int strips(int size) {
        return Math.ceilDiv(size, STRIP);
    }

    /** Tiles of a strip that is summed over so many. */
    static int steps(int depth) {
        return Math.ceilDiv(depth, STEP);
    }

    /** What lies behind a strip's tile. */
    Tiled from(int strip, int step) {
        return new Tiled(memory.asSlice(strip * stripBytes + (long) step * StripForm.TILE_BYTES), stripBytes);
    }
}
