package io.livegraft.gpu.cuda;

import io.livegraft.gpu.backend.Arithmetic;

/** How keys and values are kept for attention, and so what it computes with. */
enum CudaKvForm {
    /** For {@code attention_float}. */
    FLOAT32,
    /** Rounded to nearest even, for tensor cores. */
    BF16;

    /** Heads that tensor cores have kernels for, in columns. */
    private static final int[] TILES = {64, 128};

    /** Heads of a size that no kernel on tensor cores takes are computed with in float32. */
    static CudaKvForm of(Arithmetic arithmetic, int headDim) {
        return switch (arithmetic) {
            case FLOAT32 -> FLOAT32;
            case BFLOAT16 -> headDim <= TILES[TILES.length - 1] ? BF16 : FLOAT32;
        };
    }

    int elementBytes() {
        return switch (this) {
            case FLOAT32 -> 4;
            case BF16 -> 2;
        };
    }

    /** Columns from one position of a head to the next. */
    int columns(int headDim) {
        return switch (this) {
            case FLOAT32 -> headDim;
            case BF16 -> headDim <= TILES[0] ? TILES[0] : TILES[1];
        };
    }
}
