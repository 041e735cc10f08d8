package io.livegraft.gpu.machinecode;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.IntUnaryOperator;

/**
 * The shapes of the eight tiles, as {@code LDTILECFG} reads them: palette 1.
 *
 * @param memory 64 bytes
 */
record TileConfiguration(MemorySegment memory) {
    private static final int TILES = 8;
    private static final int ROW_BYTES = 64;
    private static final long COLUMNS_AT = 16;
    private static final long ROWS_AT = 48;

    /** @param rows of each tile, 1 to 16, of 64 bytes */
    static TileConfiguration of(IntUnaryOperator rows) {
        return of(rows, tile -> ROW_BYTES);
    }

    /**
     * @param rows of each tile, 1 to 16
     * @param bytes of a row of each tile, up to 64
     */
    static TileConfiguration of(IntUnaryOperator rows, IntUnaryOperator bytes) {
        MemorySegment memory = Arena.ofAuto().allocate(64, 64);
        memory.set(ValueLayout.JAVA_BYTE, 0, (byte) 1);
        for (int tile = 0; tile < TILES; tile++) {
            memory.set(ValueLayout.JAVA_SHORT, COLUMNS_AT + 2L * tile, (short) bytes.applyAsInt(tile));
            memory.set(ValueLayout.JAVA_BYTE, ROWS_AT + tile, (byte) rows.applyAsInt(tile));
        }
        return new TileConfiguration(memory);
    }
}
